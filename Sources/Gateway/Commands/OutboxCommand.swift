internal import ArgumentParser
internal import EventLoops
internal import Events
internal import Logging
internal import ModuleKit
internal import Postgres
internal import ServiceKit
internal import Time

struct OutboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outbox",
    abstract: "Look after events and audit messages that were committed and could not be sent.",
    discussion: """
      A message is set aside if the broker calls its content invalid, or if it was meant for another topic or queue, as \
      after a database was copied to another environment. Everything else that fails is tried again by itself, for ever. \
      Only the settings of the databases are needed. The same is at /queue-admin/outbox, and among the console's queues.

        gateway outbox list
        gateway outbox list --limit 10 --config production.env
        gateway outbox retry
      """,
    subcommands: [List.self, Retry.self]
  )

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "List what was set aside, and why; what is in the messages is not shown.",
      discussion: """
          gateway outbox list
          gateway outbox list --limit 10
        """
    )

    @Option(help: "How many messages of each module are listed at most.")
    var limit = 100

    @OptionGroup var common: CommonOptions

    func run() async throws { try await OutboxCommand.run(.list(limit: limit), common) }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "retry",
      abstract:
        "Have running servers send everything again that was set aside; what still cannot be sent is set aside again.",
      discussion: """
          gateway outbox retry
          gateway outbox list
        """
    )

    @OptionGroup var common: CommonOptions

    func run() async throws { try await OutboxCommand.run(.retry, common) }
  }

  enum Action: Sendable {
    case list(limit: Int)
    case retry
  }

  private static func run(_ action: Action, _ common: CommonOptions) async throws {
    try await DatabaseCommand.run("outbox", common) { settings, group, logger in
      await perform(action, settings: &settings, group: group, logger: logger)
    }
  }

  /// - Parameter settings: say where the databases are.
  /// - Returns: what is to be printed, and the exit status: 1 if a database could not be asked, 2 if the settings are
  ///   wrong.
  static func perform(
    _ action: Action,
    settings: inout SettingsReader,
    group: EventLoopGroup,
    logger: Logger
  ) async -> (lines: [String], status: Int32) {
    let databases = Configuration.readDatabases(&settings)
    guard settings.problems.isEmpty else { return (settings.problems, 2) }
    var lines: [String] = []
    var status: Int32 = 0
    for (manifest, database) in databases {
      let module = manifest.name
      var configuration = database.postgres
      configuration.applicationName = "gateway outbox"
      configuration.leaseTimeout = .seconds(5)
      do {
        let database = try PostgresDatabase(configuration: configuration, group: group, logger: logger)
        let result = await Self.result { try await Self.lines(of: action, module, database) }
        await database.shutdown()
        lines += try result.get()
      } catch {
        lines.append("\(module): \(error)")
        status = 1
      }
    }
    return (lines, status)
  }

  private static func result(_ body: () async throws -> [String]) async -> Result<[String], any Error> {
    do {
      return .success(try await body())
    } catch {
      return .failure(error)
    }
  }

  private static func lines(of action: Action, _ module: String, _ database: PostgresDatabase) async throws
    -> [String]
  {
    let outbox = OutboxAdministration(module: module, database: database)
    let deadline = database.clock.now() + .seconds(60)
    switch action {
    case .list(let limit):
      let (found, entries) = try await outbox.setAside(limit: limit, deadline: deadline)
      guard found > 0 else { return ["\(module): nothing is set aside"] }
      let shown = entries.count < found ? ", \(entries.count) shown" : ""
      return ["\(module): \(messages(found)) set aside\(shown)"]
        + entries.map { entry in
          "  \(entry.id)  \(entry.kind)  \(entry.eventType)  recorded \(entry.recordedAt.instantText)  set aside "
            + "\(entry.setAsideAt.instantText) after \(entry.attempts) failed "
            + "\(entry.attempts == 1 ? "try" : "tries"): \(entry.reason)"
        }
    case .retry:
      let count = try await outbox.retry(deadline: deadline)
      return [count > 0 ? "\(module): \(messages(count)) tried again" : "\(module): nothing is set aside"]
    }
  }

  private static func messages(_ count: Int) -> String { "\(count) \(count == 1 ? "message" : "messages")" }
}
