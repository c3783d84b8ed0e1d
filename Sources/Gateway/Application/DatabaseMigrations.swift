internal import EventLoops
internal import Events
internal import Logging
internal import NonAssociationsModule
internal import Postgres
internal import RestrictedPatientsModule

/// The schemas of all modules, brought up to date in turn.
struct DatabaseMigrations {
  private let steps: [(migrator: Migrator, database: PostgresDatabase)]
  private let logger: Logger

  init(nonAssociations: PostgresDatabase, restrictedPatients: PostgresDatabase, logger: Logger) {
    self.logger = logger
    let own = [
      (
        Migrator(
          module: NonAssociationsModule.name,
          migrations: NonAssociationsModule.migrations,
          baseline: NonAssociationsModule.baseline,
          logger: logger
        ),
        nonAssociations
      ),
      (
        Migrator(
          module: RestrictedPatientsModule.name,
          migrations: RestrictedPatientsModule.migrations,
          baseline: RestrictedPatientsModule.baseline,
          logger: logger
        ),
        restrictedPatients
      ),
    ]
    // In each database; where it is one, the second finds nothing to do.
    let events = Migrator(module: EventsMigrations.module, migrations: EventsMigrations.all, logger: logger)
    steps = own.map { (migrator: $0, database: $1) } + own.map { (migrator: events, database: $0.1) }
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

  /// The only line of ``pending()`` when there is no other.
  static let nothingToDo = "nothing to do"

  /// What `apply()` would do, a line for each step; changes nothing.
  func pending() async throws -> [String] {
    var lines: [String] = []
    for (migrator, database) in steps {
      let pending = try await migrator.pending(in: database, deadline: .now() + .seconds(30))
      lines += pending.map { "\(migrator.module): \($0.version) \($0.name) would be applied" }
    }
    return lines.isEmpty ? [Self.nothingToDo] : lines
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
