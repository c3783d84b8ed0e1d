internal import Postgres

/// What keeps a message in hand rather than use up one of its deliveries: it says nothing against the message, and it
/// passes.
enum PassingTrouble {
  /// Whether the database's trouble, and nothing else, kept an event from being handled. A COMMIT whose answer was lost
  /// is among it, because handling an event twice changes nothing the second time.
  static func caused(_ error: any Error) -> Bool {
    switch error {
    case let error as PostgresError: error.isTemporary || error.kind == .commitUnknown
    case EventBusError.notHandled(let failures): failures.allSatisfy { caused($0.error) }
    default: false
    }
  }
}
