internal import ArgumentParser
internal import ModuleKit

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Show every setting, what it is now and where that came from; secrets are masked.",
    discussion: """
      Exits with 1 and a list of everything that is missing or wrong when the server could not start with it.

        gateway config
        SERVER_PORT=9000 gateway config --profile all-in-one
        gateway config --describe
      """
  )

  @OptionGroup var common: CommonOptions

  @Flag(help: "Say what each setting means, as the table in docs/settings.md.")
  var describe = false

  func run() async throws {
    if describe {
      print(SettingsCatalog.table)
      return
    }
    var reader = try common.reader()
    print(ConfigurationReport(reader: reader))
    for name in reader.unknownNames() { print("warning: \(name) is set, but nothing reads it") }
    for (name, reason) in reader.ineffectiveSettings() { print("warning: \(name) has no effect: \(reason)") }
    if common.profile == .allInOne { reader.provided = LocalSettings.notYetStarted }
    do {
      _ = try Configuration.read(&reader)
    } catch {
      print("\n\(error)")
      throw ExitCode(1)
    }
  }
}
