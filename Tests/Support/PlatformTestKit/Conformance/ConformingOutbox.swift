package import Events

/// A stream of an outbox, empty at first, that ``OutboxClaim``s are checked on.
package protocol ConformingOutbox: Sendable {
  /// Appends a row for each subject in one transaction, which is committed or not.
  /// - Returns: the rows' numbers, if they were committed.
  func append(_ subjects: [String], isCommitted: Bool) async throws -> [Int64]
  func claim(limit: Int, claim: Int64, for duration: Duration, prefersUntried: Bool) async throws
    -> [RelayMachine.Row]
  /// - Returns: how many rows were marked.
  func settle(_ settlement: RelayMachine.Settlement, claim: Int64) async throws -> Int
  /// - Returns: how many rows were deleted.
  func prune(olderThan retention: Duration, limit: Int) async throws -> Int
  /// Runs `body` while a transaction of somebody else has locked the rows.
  func locking(_ rows: [Int64], _ body: () async throws -> Void) async throws
  /// Has the database's clock go on.
  func pass(_ duration: Duration) async throws
  /// How many rows there are.
  func count() async throws -> Int
}
