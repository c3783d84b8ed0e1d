/// An instant in microseconds since 1970-01-01T00:00:00Z: the precision of the database's `timestamptz`.
public struct Timestamp: Comparable, Hashable, Sendable {
  /// Since 1970-01-01T00:00:00Z; negative before.
  public let microseconds: Int64

  /// - Parameter microseconds: since 1970-01-01T00:00:00Z.
  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// - Parameter seconds: since 1970-01-01T00:00:00Z; held to what 64 bits of microseconds can say.
  public init(seconds: Int64) {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    microseconds = overflow ? (seconds < 0 ? .min : .max) : product
  }

  /// Whole seconds since 1970-01-01T00:00:00Z, rounded towards the past.
  public var seconds: Int64 {
    let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }

  /// The instant `duration` later (or earlier, if negative), to the microsecond; saturates.
  public static func + (instant: Self, duration: Duration) -> Self {
    let sum = Int128(instant.microseconds) + duration.attoseconds / 1_000_000_000_000
    return Timestamp(microseconds: Int64(clamping: sum))
  }
}
