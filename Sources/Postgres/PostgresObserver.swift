internal import Time

/// Observes each statement that is run, for metrics and traces.
public protocol PostgresObserver: Sendable {
  /// Called in the caller's task when a statement is asked for.
  /// - Returns: what ``ended(_:took:error:_:)`` is to get back; nil for nothing.
  func began(_ statement: PostgresStatement) -> (any AnyObject & Sendable)?

  /// Called when its answer is there, or its failure.
  /// - Parameters:
  ///   - duration: since it was asked for; the wait for a connection counts.
  ///   - begun: what ``began(_:)`` returned.
  func ended(
    _ statement: PostgresStatement,
    took duration: Duration,
    error: PostgresError?,
    _ begun: (any AnyObject & Sendable)?
  )
}

/// One statement under observation.
struct ObservedStatement {
  private let observer: any PostgresObserver
  private let statement: PostgresStatement
  private let pool: LoopPool
  private let started: MonotonicInstant
  private let begun: (any AnyObject & Sendable)?

  /// nil when nobody observes.
  /// - Parameter pool: whose clock it is measured by.
  init?(_ statement: PostgresStatement, _ observer: (any PostgresObserver)?, _ pool: LoopPool) {
    guard let observer else { return nil }
    self.observer = observer
    self.statement = statement
    self.pool = pool
    started = pool.now()
    begun = observer.began(statement)
  }

  func ended(_ error: PostgresError? = nil) {
    observer.ended(statement, took: pool.now().duration(since: started), error: error, begun)
  }
}
