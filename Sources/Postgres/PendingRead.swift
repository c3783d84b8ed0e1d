internal import EventLoops

/// One read on its way: waiting for a connection, or in flight on one. It gives its caller exactly one answer; what
/// comes after that is dropped.
final class PendingRead {
  let statement: PostgresStatement
  let parameters: [PostgresValue]
  let deadline: MonotonicInstant
  /// Until when it may wait for a place on a connection.
  let placeDeadline: MonotonicInstant
  /// How often it was sent.
  var attempts = 0
  private var continuation: UnsafeContinuation<Result<PostgresRows, PostgresError>, Never>?

  init(
    statement: PostgresStatement,
    parameters: [PostgresValue],
    deadline: MonotonicInstant,
    placeDeadline: MonotonicInstant,
    continuation: UnsafeContinuation<Result<PostgresRows, PostgresError>, Never>
  ) {
    self.statement = statement
    self.parameters = parameters
    self.deadline = deadline
    self.placeDeadline = placeDeadline
    self.continuation = continuation
  }

  var isAnswered: Bool { continuation == nil }

  func answer(_ result: Result<PostgresRows, PostgresError>) {
    continuation?.resume(returning: result)
    continuation = nil
  }
}
