internal import EventLoops
internal import Events
internal import Logging
internal import NonAssociationsModule
internal import Postgres

/// The schemas of all modules, brought up to date in turn.
struct DatabaseMigrations {
  private let steps: [(migrator: Migrator, database: PostgresDatabase)]
  private let logger: Logger

  init(nonAssociations: PostgresDatabase, logger: Logger) {
    self.logger = logger
    let migrator = Migrator(
      module: "non-associations",
      migrations: NonAssociationsModule.migrations,
      baseline: NonAssociationsModule.baseline,
      logger: logger
    )
    let events = Migrator(module: EventsMigrations.module, migrations: EventsMigrations.all, logger: logger)
    steps = [(migrator, nonAssociations), (events, nonAssociations)]
  }

  /// Applies what is missing. A database that cannot be reached is asked again until it can, with a log line each time:
  /// at start-up it may simply come up later than we do.
  /// - Returns: a line for each step that was applied.
  /// - Throws: `MigrationError` and the like, which a person must look at.
  @discardableResult
  func apply() async throws -> [String] {
    var lines: [String] = []
    for (migrator, database) in steps {
      let applied = try await retrying {
        try await migrator.migrate(database, deadline: .now() + .seconds(3600))
      }
      lines += applied.map { "\(migrator.module): \($0.version) \($0.name) applied" }
    }
    return lines
  }

  /// What `apply()` would do, a line for each step; changes nothing.
  func pending() async throws -> [String] {
    var lines: [String] = []
    for (migrator, database) in steps {
      let pending = try await migrator.pending(in: database, deadline: .now() + .seconds(30))
      lines += pending.map { "\(migrator.module): \($0.version) \($0.name) would be applied" }
    }
    return lines.isEmpty ? ["nothing to do"] : lines
  }

  private func retrying<Value>(_ body: () async throws -> Value) async throws -> Value {
    var delay = Duration.milliseconds(100)
    while true {
      do {
        return try await body()
      } catch let error as PostgresError where error.isTemporary {
        logger.warning("the database cannot be reached; trying again", metadata: ["reason": "\(error)"])
        try await Task.sleep(for: delay)
        delay = min(delay * 2, .seconds(5))
      }
    }
  }
}
