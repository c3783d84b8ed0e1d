import Synchronization
public import Time

/// A monotonic clock that stands still until a test moves it.
public final class ManualClock: MonotonicClock {
  public struct Timer: Cancellable, Sendable {
    fileprivate let clock: ManualClock
    fileprivate let number: Int

    public func cancel() { clock.state.withLock { $0.timers[number] = nil } }
  }

  fileprivate struct State {
    var now: MonotonicInstant
    var timers: [Int: (instant: MonotonicInstant, fire: @Sendable () -> Void)] = [:]
    var lastTimer = 0
  }

  fileprivate let state: Mutex<State>

  /// - Parameter start: what it reads at first. Default an hour.
  public init(_ start: MonotonicInstant = MonotonicInstant(nanoseconds: 3_600_000_000_000)) {
    state = Mutex(State(now: start))
  }

  public func now() -> MonotonicInstant { state.withLock(\.now) }

  /// Timers that are set.
  public var timers: Int { state.withLock(\.timers.count) }

  public func schedule(at instant: MonotonicInstant, _ fire: @escaping @Sendable () -> Void) -> Timer {
    let (number, isDue) = state.withLock { state in
      state.lastTimer += 1
      let isDue = instant <= state.now
      if !isDue { state.timers[state.lastTimer] = (instant, fire) }
      return (state.lastTimer, isDue)
    }
    if isDue { fire() }
    return Timer(clock: self, number: number)
  }

  /// Moves the clock, and fires what comes due on the way, in the order of its instants.
  public func advance(by duration: Duration) {
    let end = now() + duration
    while let fire = next(until: end) { fire() }
    state.withLock { $0.now = max($0.now, end) }
  }

  private func next(until end: MonotonicInstant) -> (@Sendable () -> Void)? {
    state.withLock { state in
      let due = state.timers.filter { $0.value.instant <= end }
      guard let first = due.min(by: { ($0.value.instant, $0.key) < ($1.value.instant, $1.key) }) else {
        return nil
      }
      state.timers[first.key] = nil
      state.now = max(state.now, first.value.instant)
      return first.value.fire
    }
  }
}
