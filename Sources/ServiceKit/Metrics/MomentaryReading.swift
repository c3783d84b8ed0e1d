internal import Synchronization
internal import Time

/// What several metrics are taken from: asked for once for all metrics of a scrape.
public final class MomentaryReading<Value: Sendable>: Sendable {
  private static var lifetime: Duration { .milliseconds(500) }

  private let take: @Sendable () async -> Value
  private let state = Mutex<(value: Value, time: MonotonicInstant)?>(nil)

  /// - Parameter take: may wait for loops, and for nothing outside the process.
  public init(_ take: @escaping @Sendable () async -> Value) { self.take = take }

  public func value() async -> Value {
    if let latest = state.withLock({ $0 }), MonotonicInstant.now() < latest.time + Self.lifetime {
      return latest.value
    }
    let value = await take()
    state.withLock { $0 = (value, .now()) }
    return value
  }
}
