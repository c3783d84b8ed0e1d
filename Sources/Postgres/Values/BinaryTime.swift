internal import Time

/// `timestamptz` and `timestamp` in binary form: microseconds since 2000-01-01T00:00:00, in UTC or of no zone, the ends
/// of the range standing for the infinities.
enum BinaryTime {
  /// 2000-01-01T00:00:00Z in microseconds since 1970.
  private static let epoch: Int64 = 946_684_800_000_000

  /// nil for an instant too early for the form.
  static func encode(_ time: Timestamp) -> Int64? {
    if time.microseconds == .max || time.microseconds == .min { return time.microseconds }
    let (value, overflow) = time.microseconds.subtractingReportingOverflow(epoch)
    return overflow ? nil : value
  }

  /// The last 30 years before PostgreSQL's end of time, 294247 to 294276, are too late for `Timestamp`: they are taken
  /// for its last instant but one, because the last is infinity.
  static func decode(_ value: Int64) -> Timestamp {
    if value == .max || value == .min { return Timestamp(microseconds: value) }
    let (sum, overflow) = value.addingReportingOverflow(epoch)
    return Timestamp(microseconds: overflow || sum == .max ? .max - 1 : sum)
  }
}
