/// What a connection tells the pool that owns it, always on the loop; a loss may be told while the pool calls it.
protocol PostgresConnectionOwner: AnyObject {
  /// A statement has been answered.
  func connection(_ connection: PostgresConnection, answered id: StatementID, _ answer: StatementAnswer)
  /// All statements of a batch have been answered and the server is ready for the next.
  func connectionDidSynchronise(_ connection: PostgresConnection)
  /// All that has arrived has been told.
  func connectionDidDrain(_ connection: PostgresConnection)
  /// The server has been told to stop what ran, and statements may be sent again.
  func connectionDidCancel(_ connection: PostgresConnection)
  /// The connection is closed, and what was sent on it and not told has no known outcome.
  /// - Parameter id: the statement with whose answer the server ended it, if it did.
  func connection(_ connection: PostgresConnection, lost error: PostgresError, by id: StatementID?)
  func connection(_ connection: PostgresConnection, notified channel: String, payload: String)
}

extension PostgresConnectionOwner {
  func connectionDidSynchronise(_ connection: PostgresConnection) {}
  func connectionDidDrain(_ connection: PostgresConnection) {}
  func connectionDidCancel(_ connection: PostgresConnection) {}
  func connection(_ connection: PostgresConnection, notified channel: String, payload: String) {}
}

enum StatementAnswer {
  case rows(PostgresRows)
  case failed(PostgresError)
  /// A statement before it in its batch failed, so the server has skipped it.
  case notRun
}
