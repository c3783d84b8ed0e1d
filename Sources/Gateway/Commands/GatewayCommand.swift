internal import ArgumentParser
internal import Dispatch
internal import EventLoops

/// Where the process begins. Not an asynchronous `main`: that one leaves the first thread in Dispatch's hands, which
/// opens it to every signal again.
@main
enum EntryPoint {
  static func main() {
    TerminationSignals.block()
    let isDone = DispatchSemaphore(value: 0)
    // Detached: a plain task would belong to the main actor, whose thread waits below.
    Task.detached {
      await GatewayCommand.main()
      isDone.signal()
    }
    isDone.wait()
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
      MigrateCommand.self, ConfigCommand.self, BatchCommand.self, VersionCommand.self,
    ]
  )
}
