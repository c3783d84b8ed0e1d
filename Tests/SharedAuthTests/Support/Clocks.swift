import Synchronization
import Time

/// A time of day that tests move by hand.
final class ManualWallClock: WallClock {
  private let time: Mutex<Timestamp>

  init(_ start: Timestamp = SignedTokens.now) { time = Mutex(start) }

  func now() -> Timestamp { time.withLock { $0 } }

  func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}

/// A monotonic clock that tests move by hand. It starts at the real one's reading, so that deadlines made from it
/// mean something to the timers of an event loop.
final class ManualMonotonicClock: Sendable {
  private let instant = Mutex(MonotonicInstant.now())

  func now() -> MonotonicInstant { instant.withLock { $0 } }

  func advance(by duration: Duration) { instant.withLock { $0 = $0 + duration } }
}
