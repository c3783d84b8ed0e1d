public import Time

/// Told of each statement that is run, for metrics and traces.
public protocol PostgresObserver: Sendable {
  /// Called in the caller's task when a statement is asked for.
  /// - Returns: what ``ended(_:started:error:_:)`` is to get back; nil for nothing.
  func began(_ statement: PostgresStatement) -> (any AnyObject & Sendable)?

  /// Called when its answer is there, or its failure.
  /// - Parameters:
  ///   - started: when it was asked for; the wait for a connection counts.
  ///   - begun: what ``began(_:)`` returned.
  func ended(
    _ statement: PostgresStatement,
    started: MonotonicInstant,
    error: PostgresError?,
    _ begun: (any AnyObject & Sendable)?
  )
}

/// One statement under observation.
struct ObservedStatement {
  private let observer: any PostgresObserver
  private let statement: PostgresStatement
  private let started = MonotonicInstant.now()
  private let begun: (any AnyObject & Sendable)?

  /// nil when nobody observes.
  init?(_ statement: PostgresStatement, _ observer: (any PostgresObserver)?) {
    guard let observer else { return nil }
    self.observer = observer
    self.statement = statement
    begun = observer.began(statement)
  }

  func ended(_ error: PostgresError? = nil) {
    observer.ended(statement, started: started, error: error, begun)
  }
}
