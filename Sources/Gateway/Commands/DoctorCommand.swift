internal import ArgumentParser
internal import CLinux
internal import ModuleKit

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check everything the server needs, and say what is wrong and what to do.",
    discussion: """
      Looks at the configuration, certificates, databases (reachable, version, rights, migrations to apply), the \
      services called (ping, keys, tokens, whether they take them), topics, queues, dead letters and ports. It changes \
      nothing, and can be run beside a running server.

      Every line begins with ok, warn or fail; a line with an arrow says what to do. Exits with 0 when nothing failed, \
      else with 1.

        gateway doctor
        gateway doctor --config /etc/gateway.conf --json
        gateway doctor --profile all-in-one
        kubectl exec deploy/gateway -- gateway doctor
      """
  )

  @OptionGroup var common: CommonOptions

  @Flag(help: "Print one JSON object: {\"status\":…,\"findings\":[…]}.")
  var json = false

  func run() async throws {
    let findings =
      switch common.profile {
      case .standard: try await Doctor.examine(try common.reader())
      case .allInOne: try await AllInOneProfile.examine(try common.reader())
      }
    try Task.checkCancellation()
    if json {
      print(String(decoding: findings.json, as: UTF8.self))
    } else {
      for finding in findings { print(finding.line) }
    }
    if findings.level == .fail {
      fflush(nil)
      throw ExitCode(1)
    }
  }
}
