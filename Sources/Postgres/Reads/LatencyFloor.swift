internal import Time

/// How long the way to the server and back takes at least: the shortest time from sending to answer of the last ten to
/// twenty seconds. What takes no longer is not slow, only far away.
struct LatencyFloor: Sendable, Equatable {
  private static let window = Duration.seconds(10)
  /// What takes longer was no way, whatever else there was in that time.
  private static let maximum: UInt64 = 250_000_000

  private var current = UInt64.max
  private var former = UInt64.max
  private var windowEnd = MonotonicInstant(nanoseconds: 0)

  /// In nanoseconds; 0 while nothing is known.
  var value: UInt64 {
    let least = min(current, former)
    return least == .max ? 0 : min(least, Self.maximum)
  }

  /// Notes the time of a statement that had its session to itself.
  mutating func note(_ time: UInt64, at now: MonotonicInstant) {
    if now >= windowEnd {
      former = current
      current = .max
      windowEnd = now + Self.window
    }
    current = min(current, time)
  }
}
