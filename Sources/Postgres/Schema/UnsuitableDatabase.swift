internal import EventLoops
internal import Logging
public import Time

/// Why the gateway cannot work with a database, although it answers. The texts are for operators.
public enum UnsuitableDatabase: Error, Hashable, Sendable, CustomStringConvertible {
  /// It cannot hold every text.
  case encoding(String)
  /// Between it and us stands a pooler that hands a session to another client after each transaction or statement, with
  /// all that belongs to it: prepared statements, channels listened to, advisory locks, settings.
  case sharedSessions

  public var description: String {
    switch self {
    case .encoding(let name):
      "the encoding is \(name), not UTF8: make a database with the encoding UTF8, and move what is in this one there"
    case .sharedSessions:
      """
      a connection pooler in transaction (or statement) mode is in front of it, such as PgBouncer with \
      pool_mode=transaction, and the gateway needs sessions of its own: name PostgreSQL itself, or give the pooler \
      pool_mode=session
      """
    }
  }
}

extension PostgresDatabase {
  /// What keeps the gateway from working with this database; empty if nothing does.
  /// - Throws: `PostgresError` when it does not answer.
  public func unsuitability(deadline: MonotonicInstant) async throws -> [UnsuitableDatabase] {
    try await withSession(deadline: deadline) { session in
      var faults: [UnsuitableDatabase] = []
      let rows = try await session.query(
        PostgresStatement(
          name: "server_encoding",
          sql: "select current_setting('server_encoding')",
          isPrepared: false
        )
      )
      let encoding = try rows.first?.text(0) ?? ""
      if encoding != "UTF8" { faults.append(.encoding(encoding)) }
      if try await sharesSessions(session, deadline: deadline) { faults.append(.sharedSessions) }
      return faults
    }
  }

  private static let processID = PostgresStatement(
    name: "backend_pid",
    sql: "select pg_backend_pid()::bigint",
    isPrepared: false
  )

  /// Whether another client can get the server's process that a session of ours has.
  private func sharesSessions(_ session: PostgresSession, deadline: MonotonicInstant) async throws -> Bool {
    let own = try await session.processID()
    // Only a pooler, which has to route requests to cancel, tells a number of its own.
    guard await own != Int64(session.toldProcessID) else { return false }
    var other = configuration
    (other.transactionConnectionsPerLoop, other.leaseTimeout) = (1, .seconds(2))
    let database = try PostgresDatabase(configuration: other, group: group, logger: logger)
    let result: Bool
    do {
      result = try await changesHands(
        session,
        own,
        database,
        deadline: min(deadline, clock.now() + .seconds(5))
      )
    } catch let error as PostgresError where error.sqlState == "08P01" {
      // PgBouncer: "transaction blocks not allowed in statement pooling mode".
      result = true
    } catch is PostgresError {
      // No second session can be had while we hold the first, as with a pool of one: then it is ours alone.
      result = false
    }
    await database.shutdown()
    return result
  }

  /// While another client is in a transaction, whether it has the session's process, or the session gets another one.
  private func changesHands(
    _ session: PostgresSession,
    _ own: Int64,
    _ database: PostgresDatabase,
    deadline: MonotonicInstant
  ) async throws -> Bool {
    // A pooler mostly hands on what was given back last; where others are at work besides, not every time.
    for _ in 0..<3 {
      let hasChanged = try await database.withTransaction(deadline: deadline) { transaction in
        let others = try await transaction.query(Self.processID).first?.int64(0)
        if others == own { return true }
        return try await session.processID() != own
      }
      if hasChanged { return true }
    }
    return false
  }
}

extension PostgresSession {
  fileprivate func processID() async throws -> Int64 {
    try await query(
      PostgresStatement(name: "backend_pid", sql: "select pg_backend_pid()::bigint", isPrepared: false)
    ).first?.int64(0) ?? 0
  }
}
