internal import EventLoops

/// A transaction under way: what the closure of `PostgresDatabase.withTransaction` works with. Useless after it.
public struct PostgresTransaction: Sendable {
  let pool: LeasePool
  let lease: Int
  let deadline: MonotonicInstant
  let beginning: TransactionBeginning

  /// Runs a statement and gives its rows (and `affectedRows` for one that changes some).
  /// - Throws: `PostgresError`. After an error of the server nothing but leaving the closure makes sense: the
  ///   transaction is over, and is rolled back.
  @discardableResult
  public func query(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue] = []
  ) async throws(PostgresError) -> PostgresRows {
    try await pool.run(
      lease,
      .statement(statement, parameters, after: beginning.take()),
      deadline: deadline
    )
  }
}
