internal import Synchronization
public import Time

/// A value that several metrics are taken from, read once for all metrics of a scrape.
public final class MomentaryReading<Value: Sendable>: Sendable {
  private static var lifetime: Duration { .milliseconds(500) }

  private let clock: any MonotonicClock
  private let take: @Sendable () async -> Value
  private let state = Mutex<(value: Value, time: MonotonicInstant)?>(nil)

  /// - Parameter take: may wait for loops, and for nothing outside the process.
  public init(clock: any MonotonicClock, _ take: @escaping @Sendable () async -> Value) {
    self.clock = clock
    self.take = take
  }

  /// The latest reading, or a new one if that is older than half a second.
  public func value() async -> Value {
    if let latest = state.withLock({ $0 }), clock.now() < latest.time + Self.lifetime {
      return latest.value
    }
    let value = await take()
    state.withLock { $0 = (value, clock.now()) }
    return value
  }
}
