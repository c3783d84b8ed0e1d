internal import ArgumentParser
internal import EventLoops
internal import Logging
internal import Postgres
internal import Time

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Bring the databases to the schema this version needs, and exit.",
    discussion: """
      The server does the same when it starts; run it apart to see beforehand what will happen. Existing databases of \
      the replaced services are recognised by their Flyway history and continued.

        gateway migrate --dry-run
        gateway migrate
      """
  )

  @OptionGroup var common: CommonOptions

  @Flag(help: "List what would be applied, and apply nothing.")
  var dryRun = false

  func run() async throws {
    var reader = try common.reader()
    let configuration = try Configuration.read(&reader)
    let sink = LogSink()
    defer { sink.drain() }
    let logger = Logger(label: "gateway.migrate") { label in
      GatewayLogHandler(
        label: label,
        level: configuration.logLevel,
        format: .text,
        sink: sink,
        clock: SystemClock()
      )
    }
    let group = try EventLoopGroup(count: 1)
    defer { group.shutdown() }
    let databases = try configuration.modules.map { module in
      (
        manifest: module.manifest,
        database: try PostgresDatabase(
          configuration: module.database.postgres,
          group: group,
          logger: logger
        )
      )
    }
    var users: [String: PostgresConfiguration] = [:]
    for module in configuration.modules { users[module.name] = module.database.postgresForMigrations }
    let migrations = DatabaseMigrations(databases, users: users, logger: logger)
    if dryRun {
      let outlook = try await migrations.outlook()
      for line in outlook.newer + (outlook.pending.isEmpty ? ["nothing to do"] : outlook.pending) {
        print(line)
      }
    } else {
      for line in try await migrations.apply() { print(line) }
    }
    for (_, database) in databases { await database.shutdown() }
  }
}
