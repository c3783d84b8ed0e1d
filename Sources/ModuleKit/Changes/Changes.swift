public import Concurrency
public import Events
public import Postgres
public import Time

/// Makes the units of work of one module.
public struct Changes: Sendable {
  private let database: PostgresDatabase
  private let outbox: any Outbox

  /// - Parameter outbox: where the messages of a change are stored, in its own transaction.
  public init(database: PostgresDatabase, outbox: any Outbox) {
    self.database = database
    self.outbox = outbox
  }

  /// Runs `body` in a transaction, which is committed with its messages when `body` returns and rolled back when it
  /// throws.
  ///
  /// `body` is run again from its start after an error that passes (``PostgresDatabase/withTransaction(isolation:deadline:_:)``
  /// says which). So it changes nothing but its unit of work, and asks nobody but the database.
  /// - Parameter deadline: for all of it, the wait for a session included.
  /// - Throws: what `body` throws, or a `PostgresError`: of the session, of a queued statement or of the commit.
  @discardableResult
  public func commit<Value>(
    before deadline: MonotonicInstant,
    _ body: (UnitOfWork) async throws -> Value
  ) async throws -> Value {
    try await database.withTransaction(deadline: deadline) { transaction in
      let unit = UnitOfWork(transaction)
      let value = try await body(unit)
      for messages in unit.messages {
        try await outbox.append(messages.event, messages.audit, in: transaction)
      }
      return value
    }
  }

  /// The same, with all of it within a time from now.
  @discardableResult
  public func commit<Value>(
    within time: Duration,
    _ body: (UnitOfWork) async throws -> Value
  ) async throws -> Value {
    try await commit(before: database.clock.now() + time, body)
  }

  /// The same, for units of work that a lock of the database keeps apart: they wait for each other before they have a
  /// session, and so leave the others to whoever needs no such lock, however long somebody else holds it.
  /// - Throws: also a `PostgresError` of the kind `poolTimeout` if the turn does not come in time, `cancelled` if the
  ///   task is cancelled before.
  @discardableResult
  public func commit<Value>(
    within time: Duration,
    inTurn turns: Turns,
    _ body: (UnitOfWork) async throws -> Value
  ) async throws -> Value {
    let deadline = database.clock.now() + time
    do {
      return try await turns.take(before: deadline, clock: database.clock) {
        try await commit(before: deadline, body)
      }
    } catch let refusal as Turns.Refusal {
      throw PostgresError(refusal == .cancelled ? .cancelled : .poolTimeout)
    }
  }
}
