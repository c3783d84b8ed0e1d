internal import ArgumentParser
internal import CLinux
internal import ModuleKit

/// Options that every command which reads the configuration takes.
struct CommonOptions: ParsableArguments {
  @Option(help: "A set of defaults: standard or all-in-one.")
  var profile: Profile = .standard

  @Option(
    help: ArgumentHelp(
      "A file of settings, NAME=value a line; the environment wins over it.",
      valueName: "file"
    )
  )
  var config: String?

  /// A reader of the environment and the file.
  /// - Throws: `ConfigurationError` when the file cannot be read; `ProfileRefused` where the profile must not be used.
  func reader() throws -> SettingsReader {
    let file = try config.map { try ConfigurationFile.read(path: $0) } ?? [:]
    var reader = SettingsReader(environment: ProcessEnvironment.read(), file: file, profile: profile)
    reader.namesOfOthers = LocalEndpoints.othersNames
    try PermittedProfiles.check(reader)
    return reader
  }
}

extension Profile: ExpressibleByArgument {}
