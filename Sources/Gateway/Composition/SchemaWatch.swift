internal import Events
internal import Logging
internal import ModuleKit
internal import Postgres
internal import Synchronization
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
  private let running = Mutex<Task<Void, Never>?>(nil)

  init(_ module: ComposedModule, logger: Logger) {
    self.module = module.name
    migrators = DatabaseMigrations.migrators(of: module.manifest, logger: logger)
    database = module.database
    user = module.configuration.database.postgresForMigrations
    self.logger = logger
  }

  /// Looks from now on, until `stop()`.
  func start(every interval: Duration = SchemaWatch.interval) {
    running.withLock { running in
      running = Task.detached { [self] in
        var pause = interval
        while (try? await Task.sleep(for: pause)) != nil {
          pause = await look() ? interval : interval * Self.patience
        }
      }
    }
  }

  func stop() { running.withLock { $0?.cancel() } }

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
