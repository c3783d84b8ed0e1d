public import Postgres
public import Time

/// One transaction of a module: the rows that it changes and what it tells others of them, which are committed together
/// or not at all. It is valid inside the body of ``Changes/commit(before:_:)`` only.
public final class UnitOfWork {
  private let transaction: PostgresTransaction
  private(set) var messages: [ChangeMessages] = []

  init(_ transaction: PostgresTransaction) { self.transaction = transaction }

  /// When all of it must have ended.
  public var deadline: MonotonicInstant { transaction.deadline }

  /// Runs one statement at once, after what is queued, in one round trip.
  /// - Throws: `PostgresError`.
  public func query(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue] = []
  ) async throws(PostgresError) -> PostgresRows {
    try await transaction.query(statement, parameters)
  }

  /// Queues a statement of which nobody needs to know more than that it succeeded. It travels with the next query, or
  /// with the commit; if it fails, nothing is committed and the query or the commit throws its error.
  /// - Throws: `PostgresError` for parameters that cannot be sent.
  public func enqueue(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue] = []
  ) throws(PostgresError) {
    try transaction.enqueue(statement, parameters)
  }

  /// Queues what others are told of the change. It is stored with the commit, after everything else, and in the order of
  /// the calls.
  public func tell(_ messages: ChangeMessages) { self.messages.append(messages) }
}
