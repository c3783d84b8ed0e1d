internal import ArgumentParser

/// Where the process begins. Not an asynchronous `main`: that one leaves the first thread in Dispatch's hands, which
/// opens it to every signal again.
@main
enum EntryPoint {
  static func main() {
    ProcessLife.current.run {
      await GatewayCommand.outcome(of: Array(ProcessArguments.read().dropFirst()))
    }
  }
}

/// The `gateway` program.
struct GatewayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gateway",
    abstract: "Non-associations and restricted patients, in one server.",
    discussion: """
      Start here, on a laptop with nothing configured:

        gateway serve --profile all-in-one

      It starts its own PostgreSQL and development doubles of the services that exist only elsewhere, and prints what \
      to try. In production everything is configured through the environment: `gateway config` lists the settings and \
      what they are now, `gateway doctor` checks them and all that they name.

        gateway play merge A1234BC B2345CD     (while the first one runs)
        gateway config --describe
        gateway doctor --config production.env
      """,
    version: BuildInformation.version,
    subcommands: [
      ServeCommand.self, TokenCommand.self, PlayCommand.self, DoctorCommand.self, AdoptCommand.self,
      MigrateCommand.self, ConfigCommand.self, BatchCommand.self, OutboxCommand.self, VersionCommand.self,
    ]
  )

  /// Runs the command that the arguments ask for.
  static func outcome(of arguments: [String]) async -> ProcessLife.Outcome {
    do {
      var command = try await asyncParseAsRoot(arguments)
      guard type(of: command).configuration.subcommands.isEmpty else {
        // A server whose arguments were lost must not look like one that has done its work.
        return ProcessLife.Outcome(
          status: ExitCode.validationFailure.rawValue,
          error: helpMessage(for: type(of: command))
        )
      }
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      return ProcessLife.Outcome(status: 0)
    } catch {
      let (status, text) = (exitCode(for: error).rawValue, fullMessage(for: error))
      return ProcessLife.Outcome(
        status: status,
        output: status == 0 ? text : "",
        error: status == 0 ? "" : text
      )
    }
  }
}
