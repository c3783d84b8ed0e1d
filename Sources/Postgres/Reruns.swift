internal import Time

/// How often something that did nothing is run again, and after which pauses.
struct Reruns {
  static let limit = 3

  private var count = 0

  /// How long to wait before it is run once more; nil when it is not to be.
  ///
  /// The pauses grow and are drawn by chance, so that two that clashed do not clash again. A plan that the server has
  /// given up is made anew at once: waiting cures nothing.
  mutating func pause(after error: PostgresError) -> Duration? {
    guard error.isRetriable, count < Self.limit else { return nil }
    defer { count += 1 }
    if error.asksToPrepareAgain { return .zero }
    return .milliseconds(5 << (2 * count)) * Double.random(in: 0.5...1)
  }

  /// Waits as long as ``pause(after:)`` says.
  /// - Returns: whether to run it once more: not past the deadline, and not for a task that was cancelled.
  mutating func areWorthwhile(after error: PostgresError, deadline: MonotonicInstant) async -> Bool {
    guard let pause = pause(after: error), !Task.isCancelled, .now() + pause < deadline else { return false }
    if pause > .zero { try? await Task.sleep(for: pause) }
    return !Task.isCancelled
  }
}
