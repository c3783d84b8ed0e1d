public import Time

extension MonotonicClock {
  /// Waits, by this clock, until the time is over or the task is cancelled. Call it where the clock's timers may be touched.
  /// - Parameter duration: none, or a negative one, waits for nothing.
  /// - Returns: whether it is worth going on: false for a task that was cancelled.
  @discardableResult
  public func pause(for duration: Duration, isolation: isolated (any Actor)? = #isolation) async -> Bool {
    guard duration > .zero, !Task.isCancelled else { return !Task.isCancelled }
    let end = now() + duration
    // Work that never ends: what is left are the deadline and the cancellation.
    _ = await SingleFlight<Never>(began: now(), deadline: end).outcome(before: end, clock: self)
    return !Task.isCancelled
  }
}
