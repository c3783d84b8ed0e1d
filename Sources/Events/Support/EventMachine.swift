internal import Time

/// What decides for an executor: a value that is told what has happened, and says what to do.
protocol EventMachine {
  associatedtype Event: Sendable
  associatedtype Action

  /// - Returns: the first thing to do; ``next(at:)`` has what follows.
  mutating func on(_ event: Event, at now: MonotonicInstant) -> Action?
  mutating func next(at now: MonotonicInstant) -> Action?
}
