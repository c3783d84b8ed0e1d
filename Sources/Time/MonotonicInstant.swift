internal import CLinux

/// A point on the machine's monotonic clock (CLOCK_MONOTONIC), in nanoseconds. It is for deadlines and measured
/// durations; it says nothing about the time of day.
public struct MonotonicInstant: Comparable, Hashable, Sendable {
  /// Nanoseconds since the clock's own, unspecified start.
  public let nanoseconds: UInt64

  /// - Parameter nanoseconds: since the clock's own start: for clocks, and for tests that make their own time.
  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// The current reading of the clock.
  public static func now() -> MonotonicInstant {
    MonotonicInstant(nanoseconds: gateway_monotonic_nanoseconds())
  }

  public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

  /// The instant `duration` later; a negative duration counts as none, and the far end saturates.
  public static func + (instant: Self, duration: Duration) -> Self {
    let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    return MonotonicInstant(nanoseconds: overflow ? .max : sum)
  }

  /// The time from `earlier` to this instant, zero if `earlier` is not earlier.
  public func duration(since earlier: Self) -> Duration {
    guard nanoseconds > earlier.nanoseconds else { return .zero }
    return Duration(attoseconds: Int128(Int64(clamping: nanoseconds - earlier.nanoseconds)) * 1_000_000_000)
  }
}
