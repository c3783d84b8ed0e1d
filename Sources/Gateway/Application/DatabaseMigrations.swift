internal import Events
internal import Logging
internal import NonAssociationsModule
internal import Postgres
internal import RestrictedPatientsModule
internal import Time

/// The schemas of all modules, brought up to date in turn.
struct DatabaseMigrations {
  /// What a run would do, a line for each version.
  struct Outlook: Equatable {
    /// To be applied.
    var pending: [String] = []
    /// Applied by a newer program, which lets this one go on.
    var newer: [String] = []
  }

  private let steps: [(migrator: Migrator, database: PostgresDatabase)]
  private let logger: Logger

  /// - Parameter nonAssociations: nil to leave the module's alone.
  init(nonAssociations: PostgresDatabase?, restrictedPatients: PostgresDatabase, logger: Logger) {
    self.logger = logger
    var own: [(Migrator, PostgresDatabase)] = []
    if let nonAssociations {
      own.append(
        (
          Migrator(
            module: NonAssociationsModule.name,
            migrations: NonAssociationsModule.migrations,
            baseline: NonAssociationsModule.baseline,
            logger: logger
          ),
          nonAssociations
        )
      )
    }
    own.append(
      (
        Migrator(
          module: RestrictedPatientsModule.name,
          migrations: RestrictedPatientsModule.migrations,
          baseline: RestrictedPatientsModule.baseline,
          logger: logger
        ),
        restrictedPatients
      )
    )
    // In each database; where it is one, the second finds nothing to do.
    let events = Migrator(module: EventsMigrations.module, migrations: EventsMigrations.all, logger: logger)
    steps = own.map { (migrator: $0, database: $1) } + own.map { (migrator: events, database: $0.1) }
  }

  /// Applies what is missing. A database that cannot be reached is asked again until it can, with a log line each time:
  /// at start-up it may simply come up later than we do.
  /// - Returns: a line for each step that was applied.
  /// - Throws: `MigrationError`, `UnsuitableDatabase` and the like, which a person must look at.
  @discardableResult
  func apply() async throws -> [String] {
    var lines: [String] = []
    for (migrator, database) in steps {
      try await retrying { try await Self.check(database, of: migrator) }
      let applied = try await retrying {
        try await migrator.migrate(database, deadline: .now() + .seconds(3600))
      }
      lines += applied.map { "\(migrator.module): \($0.version) \($0.name) applied" }
    }
    return lines
  }

  /// What `apply()` would do; changes nothing.
  func outlook() async throws -> Outlook {
    var all = Outlook()
    for (migrator, database) in steps {
      try await Self.check(database, of: migrator)
      let outlook = try await migrator.outlook(in: database, deadline: .now() + .seconds(30))
      all.pending += outlook.pending.map { "\(migrator.module): \($0.version) \($0.name) would be applied" }
      all.newer += outlook.newer.map {
        "\(migrator.module): \($0) was applied by a newer program, which lets this one go on"
      }
    }
    return all
  }

  private static func check(_ database: PostgresDatabase, of migrator: Migrator) async throws {
    // The events' tables are in databases that were looked at for the modules'.
    guard migrator.module != EventsMigrations.module else { return }
    let faults = try await database.unsuitability(deadline: .now() + .seconds(30))
    if let fault = faults.first { throw UnusableDatabase(module: migrator.module, fault: fault) }
  }

  private func retrying<Value>(_ body: () async throws -> Value) async throws -> Value {
    var delay = Duration.milliseconds(100)
    while true {
      do {
        return try await body()
      } catch {
        guard let trouble = Self.passingTrouble(error) else { throw error }
        logger.warning("the database cannot be reached; trying again", metadata: ["reason": "\(trouble)"])
        try await Task.sleep(for: delay)
        delay = min(delay * 2, .seconds(5))
      }
    }
  }

  private static func passingTrouble(_ error: any Error) -> PostgresError? {
    var cause = error as? PostgresError
    if case MigrationError.failed(_, _, _, let error) = error { cause = error }
    return cause.flatMap { $0.isTemporary ? $0 : nil }
  }
}

/// A database that answers and will not do.
struct UnusableDatabase: Error, CustomStringConvertible {
  var module: String
  var fault: UnsuitableDatabase

  var description: String { "The database of \(module) will not do: \(fault)" }
}
