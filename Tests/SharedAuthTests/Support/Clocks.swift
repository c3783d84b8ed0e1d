import Synchronization
import Time

/// A time of day that tests move by hand.
final class ManualWallClock: WallClock {
  private let time: Mutex<Timestamp>

  init(_ start: Timestamp = SignedTokens.now) { time = Mutex(start) }

  func now() -> Timestamp { time.withLock { $0 } }

  func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}
