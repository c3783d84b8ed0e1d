/// Durations as other interfaces count them.
extension Duration {
  /// This duration in nanoseconds, held between 0 and `UInt64.max`.
  public var wholeNanoseconds: UInt64 {
    attoseconds > 0 ? UInt64(clamping: attoseconds / 1_000_000_000) : 0
  }

  /// Whole milliseconds, held between 0 and `Int64.max`.
  public var wholeMilliseconds: Int64 { Int64(clamping: wholeNanoseconds / 1_000_000) }

  /// Whole seconds, rounded up; 0 for a negative duration.
  public var secondsRoundedUp: Int {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (sum, overflow) = seconds.addingReportingOverflow(attoseconds > 0 ? 1 : 0)
    return overflow ? .max : Int(clamping: sum)
  }

  /// This duration in seconds, as metrics have it.
  public var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) / 1e18
  }
}
