internal import Concurrency
internal import Events
internal import Logging
internal import ModuleKit
internal import Postgres
internal import Time

/// Finds that a dump of the service replaced was restored over the database of a gateway that serves, and makes again what
/// went with the old tables (docs/contract/adoption.md §2.5). Each replica looks; the migrations' lock has one of them do it.
final class SchemaWatch: Sendable {
  /// Of one look: a read that touches the catalogue alone.
  static let interval = Duration.seconds(5)
  /// Looks that are left out after rows were in the way of an index: each attempt keeps changes waiting.
  private static let patience = 60

  private let module: String
  private let migrators: [Migrator]
  private let database: PostgresDatabase
  private let user: PostgresConfiguration?
  private let logger: Logger
  private let rounds: Rounds

  init(_ module: ComposedModule, every interval: Duration, logger: Logger) {
    self.module = module.name
    migrators = DatabaseMigrations.migrators(of: module.manifest, logger: logger)
    database = module.database
    user = module.configuration.database.postgresForMigrations
    self.logger = logger
    let patience = interval * Self.patience
    rounds = Rounds(
      every: interval,
      backOff: BackOff(initial: patience, maximum: patience, hasJitter: false),
      clock: module.database.clock
    )
  }

  /// Looks from now on, until `stop()`.
  func start() { rounds.start { [self] in await look() } }

  func stop() { rounds.cancel() }

  /// - Returns: false if something is missing that could not be made.
  private func look() async -> Bool {
    do {
      guard try await isBehind() else { return true }
      try await database.withUser(of: user) { database in
        for migrator in migrators {
          try await migrator.migrate(database, deadline: database.clock.now() + .seconds(600))
        }
      }
      return try await !isBehind()
    } catch {
      if let trouble = DatabaseMigrations.passingTrouble(error) {
        logger.debug("the schema could not be looked at", metadata: metadata("\(trouble)"))
        return true
      }
      logger.error("the schema could not be made whole", metadata: metadata("\(error)"))
      return false
    }
  }

  private func isBehind() async throws -> Bool {
    for migrator in migrators
    where try await migrator.isBehind(in: database, deadline: database.clock.now() + .seconds(10)) {
      return true
    }
    return false
  }

  private func metadata(_ reason: String) -> Logger.Metadata {
    ["module": "\(module)", "reason": "\(reason)"]
  }
}
