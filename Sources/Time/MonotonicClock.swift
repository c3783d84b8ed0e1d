/// A clock for deadlines, ages and durations, and the timers that go by it. Passed in, so that tests can move it: an event
/// loop, or a group of them, is one.
public protocol MonotonicClock: Sendable {
  associatedtype Timer: Cancellable

  /// The current reading.
  func now() -> MonotonicInstant

  /// Runs `fire` at `instant` or soon after, at once if it has passed.
  /// - Returns: the timer. Touch it only where it was made.
  func schedule(at instant: MonotonicInstant, _ fire: @escaping @Sendable () -> Void) -> Timer
}

/// Something that is going to happen and can be called off.
public protocol Cancellable {
  /// Has no effect once it has happened.
  func cancel()
}
