internal import Concurrency
internal import Time

/// How often a failed transaction that did nothing is retried, and after which pauses.
struct Reruns {
  static let limit = 3

  private var count = 0

  /// How long to wait before the next retry; nil for none.
  ///
  /// The pauses grow and are drawn by chance, so that two that clashed do not clash again. A plan that the server has
  /// given up is prepared again at once: waiting cures nothing.
  mutating func pause(after error: PostgresError) -> Duration? {
    guard error.isRetriable, count < Self.limit else { return nil }
    defer { count += 1 }
    if error.asksToPrepareAgain { return .zero }
    return .milliseconds(5 << (2 * count)) * Double.random(in: 0.5...1)
  }

  /// Waits as long as ``pause(after:)`` says.
  /// - Parameter clock: what the deadline is measured by.
  /// - Returns: whether to retry: not past the deadline, and not for a task that was cancelled.
  mutating func areWorthwhile(
    after error: PostgresError,
    deadline: MonotonicInstant,
    clock: some MonotonicClock
  ) async -> Bool {
    guard let pause = pause(after: error), !Task.isCancelled, clock.now() + pause < deadline else {
      return false
    }
    return await clock.pause(for: pause)
  }
}
