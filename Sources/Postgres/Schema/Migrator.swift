public import Logging
public import Time

/// Brings a module's part of a database to its latest version, once, however many replicas start together: all of it
/// happens under an advisory lock, each migration in a transaction with its row in `gateway_schema_history`. Modules
/// may share a database.
public struct Migrator: Sendable {
  /// The name under which the history keeps the module's versions.
  public let module: String
  /// The module's migrations, in the order of their versions.
  public let migrations: [Migration]
  /// How to go on from the history of the service replaced; nil if there was none.
  public let baseline: FlywayBaseline?
  /// How long a migration waits for a lock at a time. Whoever asks for the table meanwhile queues behind it.
  var lockTimeout = Duration.seconds(3)
  private let logger: Logger

  /// - Parameters:
  ///   - module: such as `non-associations`.
  ///   - migrations: in the order of their versions.
  ///   - baseline: how to continue from the Flyway history of the service replaced; nil if there was none.
  public init(module: String, migrations: [Migration], baseline: FlywayBaseline? = nil, logger: Logger) {
    self.module = module
    self.migrations = migrations
    self.baseline = baseline
    self.logger = logger
  }

  /// What `migrate` would run, without changing anything.
  /// - Throws: `MigrationError.refused`, or `PostgresError`.
  public func pending(in database: PostgresDatabase, deadline: MonotonicInstant) async throws -> [Migration] {
    try await database.withSession(deadline: deadline) { session in
      try await plan(SchemaHistory(session: session, module: module)).pending
    }
  }

  /// What `migrate` would find and do, without changing anything.
  /// - Throws: `MigrationError.refused`, or `PostgresError`.
  public func outlook(
    in database: PostgresDatabase,
    deadline: MonotonicInstant
  ) async throws -> MigrationOutlook {
    try await database.withSession(deadline: deadline) { session in
      let history = SchemaHistory(session: session, module: module)
      let plan = try await plan(history)
      let flyway: [MigrationPlan.FlywayRow]? =
        if let baseline { try await history.flywayRows(markerTable: baseline.markerTable) } else { nil }
      return MigrationOutlook(
        isAdopted: try await !history.applied().isEmpty,
        flywayVersions: flyway?.filter(\.hasSucceeded).map(\.version),
        newer: plan.newer.map { "\($0.version) \($0.name)" },
        recognised: plan.recognised,
        pending: plan.pending
      )
    }
  }

  /// Whether something that the program relies on has gone since it started, as a restore takes it away: versions of the
  /// history, where the dump was an earlier release's, and indexes and triggers on the tables of the service replaced, where
  /// it was that service's. `migrate` brings them back. Two reads, without a lock.
  /// - Throws: `PostgresError`.
  public func isBehind(in database: PostgresDatabase, deadline: MonotonicInstant) async throws -> Bool {
    let needed = migrations.filter { $0.tolerance == nil }.map(\.version)
    let missing = try await database.query(
      SchemaHistory.missingVersionsStatement,
      [.text(module), .textArray(needed), .textArray(migrations.map(\.version))],
      deadline: deadline
    )
    if try missing.first?.int64(0) ?? 0 > 0 { return true }
    guard migrations.contains(where: { !$0.additions.isEmpty }) else { return false }
    let parameters = SchemaHistory.lostAdditions(of: migrations, module)
    return try await !database.query(SchemaHistory.lostAdditionsStatement, parameters, deadline: deadline)
      .isEmpty
  }

  /// Applies what is missing, and makes indexes and triggers again that were lost.
  /// - Parameter deadline: for all of it, the wait for another replica's run included.
  /// - Returns: the migrations that were run; without those that Flyway had applied, and without tolerated failures.
  /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be reached.
  @discardableResult
  public func migrate(_ database: PostgresDatabase, deadline: MonotonicInstant) async throws -> [Migration] {
    try await database.withSession(deadline: deadline, isForOnce: true) { session in
      let history = SchemaHistory(session: session, module: module)
      try await history.lock()
      let run = try await migrate(session, history)
      try await history.unlock()
      return run
    }
  }

  private func plan(_ history: SchemaHistory) async throws -> MigrationPlan {
    let flyway: [MigrationPlan.FlywayRow]? =
      if let baseline { try await history.flywayRows(markerTable: baseline.markerTable) } else { nil }
    return try MigrationPlan(
      module: module,
      migrations: migrations,
      checksums: try await history.checksums(migrations.map(\.sql)),
      applied: try await history.applied(),
      baseline: baseline,
      flyway: flyway
    )
  }

  private func migrate(_ session: PostgresSession, _ history: SchemaHistory) async throws -> [Migration] {
    try await history.create()
    let plan = try await plan(history)
    if !plan.newer.isEmpty {
      logger.warning(
        "the schema is newer than this program, and its migrations allow older programs",
        metadata: [
          "module": "\(module)", "versions": "\(plan.newer.map(\.version).joined(separator: ", "))",
        ]
      )
    }
    try await recognise(plan.recognised, session, history)
    var run: [Migration] = []
    for migration in plan.pending {
      let isDone = try await tolerating(migration, session) { () async throws(PostgresError) in
        do throws(PostgresError) {
          try await apply(migration, migration.sql, session, history)
        } catch {
          // A relation, or a column, that is there already.
          guard plan.isContinued, ["42P07", "42701"].contains(error.sqlState) else { throw error }
          logger.warning(
            "a part of the migration was there already, as after a restore of an earlier release's database",
            metadata: metadata(migration)
          )
          try await apply(migration, migration.sqlForRest, session, history)
        }
      }
      guard isDone else { continue }
      logger.info("migration applied", metadata: metadata(migration))
      run.append(migration)
    }
    try await makeLostAdditions(session, history)
    return run
  }

  private func apply(
    _ migration: Migration,
    _ sql: String,
    _ session: PostgresSession,
    _ history: SchemaHistory
  ) async throws(PostgresError) {
    try await whenUnlocked(migration, session) { () async throws(PostgresError) in
      try await session.script(migration.name, sql)
      try await history.record(migration, origin: "gateway")
    }
  }

  private func makeLostAdditions(_ session: PostgresSession, _ history: SchemaHistory) async throws {
    let lost = try await history.lostAdditions(of: migrations)
    for migration in migrations {
      for addition in migration.additions where lost.contains(addition.name) {
        let isDone = try await tolerating(migration, session) { () async throws(PostgresError) in
          try await whenUnlocked(migration, session) { () async throws(PostgresError) in
            try await session.script(addition.name, addition.sql)
          }
        }
        guard isDone else { continue }
        let kind = addition.kind.rawValue
        var metadata = metadata(migration)
        metadata[kind] = "\(addition.name)"
        logger.warning(
          "the \(kind) was gone with its table, as after a restore, and is there again",
          metadata: metadata
        )
      }
    }
  }

  /// - Returns: false if rows break what the migration says, and it tolerates that; the log then says which.
  private func tolerating(
    _ migration: Migration,
    _ session: PostgresSession,
    _ body: () async throws(PostgresError) -> Void
  ) async throws(MigrationError) -> Bool {
    do throws(PostgresError) {
      try await body()
      return true
    } catch {
      logger.debug("migration failed", metadata: ["detail": "\(error.debugDescription)"])
      guard let tolerance = migration.tolerance, error.sqlState?.hasPrefix("23") ?? false else {
        throw MigrationError.failed(
          module: module,
          version: migration.version,
          name: migration.name,
          cause: error
        )
      }
      await warn(of: migration, tolerance, session)
      return false
    }
  }

  /// All or none: Flyway's history is looked at only while the gateway's own is empty.
  private func recognise(
    _ migrations: [Migration],
    _ session: PostgresSession,
    _ history: SchemaHistory
  ) async throws(PostgresError) {
    guard !migrations.isEmpty else { return }
    try await session.script("begin", "begin")
    for migration in migrations { try await history.record(migration, origin: "flyway") }
    try await session.script("commit", "commit")
    for migration in migrations {
      logger.info("migration recognised from Flyway's history", metadata: metadata(migration))
    }
  }

  /// Runs a step in a transaction. Releases everything between two attempts, so that those who queue behind the lock can go
  /// on.
  private func whenUnlocked(
    _ migration: Migration,
    _ session: PostgresSession,
    _ step: () async throws(PostgresError) -> Void
  ) async throws(PostgresError) {
    var backOff = BackOff(initial: .milliseconds(500), maximum: .seconds(5))
    while true {
      do throws(PostgresError) {
        return try await inTransaction(session, step)
      } catch {
        let pause = backOff.next()
        guard error.kind == .lockNotAvailable || error.isRetriable,
          session.now() + pause < session.deadline,
          !Task.isCancelled
        else { throw error }
        var metadata = metadata(migration)
        metadata["reason"] = "\(error)"
        logger.warning("migration blocked by a lock or a conflict: retrying", metadata: metadata)
        guard await session.pause(for: pause) else { throw error }
      }
    }
  }

  private func inTransaction(
    _ session: PostgresSession,
    _ step: () async throws(PostgresError) -> Void
  ) async throws(PostgresError) {
    let milliseconds = lockTimeout.wholeNanoseconds / 1_000_000
    try await session.script("begin", "begin; set local lock_timeout = \(milliseconds)")
    do throws(PostgresError) {
      try await step()
      try await session.script("commit", "commit")
    } catch {
      try? await session.script("rollback", "rollback")
      throw error
    }
  }

  private func warn(of migration: Migration, _ tolerance: Migration.Tolerance, _ session: PostgresSession)
    async
  {
    var metadata = metadata(migration)
    if let sql = tolerance.violations {
      let rows = try? await session.query(PostgresStatement(name: "violations", sql: sql))
      let ids = (rows ?? nil)?.prefix(100).map { row in
        (try? row.int64(0)).map(String.init) ?? (try? row.text(0)) ?? "?"
      }
      metadata["rows"] = "\(ids?.joined(separator: ",") ?? "not to be listed")"
    }
    logger.warning("\(tolerance.warning)", metadata: metadata)
  }

  private func metadata(_ migration: Migration) -> Logger.Metadata {
    ["module": "\(module)", "version": "\(migration.version)", "migration": "\(migration.name)"]
  }
}
