internal import Concurrency
internal import Events
internal import Logging
internal import ModuleKit
internal import Postgres
internal import Time

/// The schemas of modules, brought up to date in turn.
struct DatabaseMigrations {
  /// What a run would do, a line for each version.
  struct Outlook: Equatable {
    /// To be applied.
    var pending: [String] = []
    /// Applied by a newer program, which lets this one go on.
    var newer: [String] = []
  }

  private let steps: [(migrator: Migrator, database: PostgresDatabase, user: PostgresConfiguration?)]
  private let logger: Logger

  /// - Parameters:
  ///   - databases: each with the module whose tables are in it.
  ///   - users: who changes them, by the names of modules, where that is another user.
  init(
    _ databases: [(manifest: ModuleManifest, database: PostgresDatabase)],
    users: [String: PostgresConfiguration] = [:],
    logger: Logger
  ) {
    self.logger = logger
    // In each database; where it is one, the second finds nothing to do.
    let events = Self.events(logger)
    steps =
      databases.map { (Migrator($0.manifest, logger: logger), $0.database, users[$0.manifest.name]) }
      + databases.map { (events, $0.database, users[$0.manifest.name]) }
  }

  /// Those of a module's database, in order.
  static func migrators(of manifest: ModuleManifest, logger: Logger) -> [Migrator] {
    [Migrator(manifest, logger: logger), events(logger)]
  }

  private static func events(_ logger: Logger) -> Migrator {
    Migrator(module: EventsMigrations.module, migrations: EventsMigrations.all, logger: logger)
  }

  /// Applies what is missing. A database that cannot be reached is asked again until it can, with a log line each time:
  /// at start-up it may simply come up later than we do.
  /// - Returns: a line for each step that was applied.
  /// - Throws: `MigrationError`, `UnsuitableDatabase` and the like, which a person must look at.
  @discardableResult
  func apply() async throws -> [String] {
    var lines: [String] = []
    for (migrator, database, user) in steps {
      try await retrying(by: database.clock) { try await Self.check(database, of: migrator) }
      let applied = try await database.withUser(of: user) { database in
        try await retrying(by: database.clock) {
          try await migrator.migrate(database, deadline: database.clock.now() + .seconds(3600))
        }
      }
      lines += applied.map { "\(migrator.module): \($0.version) \($0.name) applied" }
    }
    return lines
  }

  /// What `apply()` would do; changes nothing.
  func outlook() async throws -> Outlook {
    var all = Outlook()
    for (migrator, database, _) in steps {
      try await Self.check(database, of: migrator)
      let outlook = try await migrator.outlook(in: database, deadline: database.clock.now() + .seconds(30))
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
    let faults = try await database.unsuitability(deadline: database.clock.now() + .seconds(30))
    if let fault = faults.first { throw UnusableDatabase(module: migrator.module, fault: fault) }
  }

  private func retrying<Value>(
    by clock: any MonotonicClock,
    _ body: () async throws -> Value
  ) async throws -> Value {
    var backOff = BackOff(initial: .milliseconds(100), maximum: .seconds(5), hasJitter: false)
    while true {
      do {
        return try await body()
      } catch {
        guard let trouble = Self.passingTrouble(error) else { throw error }
        logger.warning("the database cannot be reached; trying again", metadata: ["reason": "\(trouble)"])
        guard await clock.pause(for: backOff.next()) else { throw CancellationError() }
      }
    }
  }

  /// What the database has against it for the moment, and nobody needs to look at; nil for anything else.
  static func passingTrouble(_ error: any Error) -> PostgresError? {
    var cause = error as? PostgresError
    if case MigrationError.failed(_, _, _, let error) = error { cause = error }
    return cause.flatMap { $0.isTemporary ? $0 : nil }
  }
}

/// A database that answers and will not do.
struct UnusableDatabase: Error, CustomStringConvertible {
  var module: String
  var fault: UnsuitableDatabase

  var description: String { "The database of \(module) cannot be used: \(fault)" }
}

extension Migrator {
  /// Of a module's own tables.
  init(_ manifest: ModuleManifest, logger: Logger) {
    self.init(
      module: manifest.name,
      migrations: manifest.schema.migrations,
      baseline: manifest.schema.baseline,
      logger: logger
    )
  }
}
