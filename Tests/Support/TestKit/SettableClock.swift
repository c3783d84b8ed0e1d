import Synchronization
public import Time

/// A time of day that stands still until a test sets it.
public final class SettableClock: WallClock {
  private let time: Mutex<Timestamp>

  public init(_ time: Timestamp) { self.time = Mutex(time) }

  public func now() -> Timestamp { time.withLock(\.self) }
  public func set(_ time: Timestamp) { self.time.withLock { $0 = time } }
  public func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}
