import EventLoops

/// `timestamptz` in binary form: microseconds since 2000-01-01T00:00:00Z, the ends of the range standing for the
/// infinities.
enum BinaryTime {
  /// 2000-01-01T00:00:00Z in microseconds since 1970.
  private static let epoch: Int64 = 946_684_800_000_000

  /// nil for an instant too early for the form.
  static func encode(_ time: Timestamp) -> Int64? {
    if time.microseconds == .max || time.microseconds == .min { return time.microseconds }
    let (value, overflow) = time.microseconds.subtractingReportingOverflow(epoch)
    return overflow ? nil : value
  }

  /// nil for an instant too late for `Timestamp`.
  static func decode(_ value: Int64) -> Timestamp? {
    if value == .max || value == .min { return Timestamp(microseconds: value) }
    let (sum, overflow) = value.addingReportingOverflow(epoch)
    return overflow ? nil : Timestamp(microseconds: sum)
  }
}
