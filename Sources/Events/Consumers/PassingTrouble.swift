internal import Postgres

/// Temporary failures for which a message is kept in flight, rather than use up one of its deliveries: they say nothing
/// against the message.
enum PassingTrouble {
  /// Whether the database's trouble, and nothing else, kept an event from being handled. A COMMIT whose answer was lost
  /// is among it, because handling an event is idempotent.
  static func caused(_ error: any Error) -> Bool {
    switch error {
    case let error as PostgresError: error.isTemporary || error.kind == .commitUnknown
    case EventBusError.notHandled(let failures): failures.allSatisfy { caused($0.error) }
    default: false
    }
  }
}
