internal import EventLoops

/// The `Date` field (RFC 9110 §6.6.1), made once a second.
struct DateField {
  private var line: [UInt8] = []
  private var validUntil = MonotonicInstant(nanoseconds: 0)

  /// The whole line with its CRLF.
  /// - Parameter now: a recent reading of the clock.
  mutating func bytes(now: MonotonicInstant) -> [UInt8] {
    if now >= validUntil {
      let time = SystemClock().now()
      line = Array("Date: \(Self.text(time))\r\n".utf8)
      let rest = 1_000_000 - (time.microseconds - time.seconds * 1_000_000)
      validUntil = now + .microseconds(rest)
    }
    return line
  }

  /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
  static func text(_ time: Timestamp) -> String {
    let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let seconds = max(0, time.seconds)
    let days = seconds / 86_400
    let (year, month, day) = civilDate(daysSince1970: days)
    let ofDay = seconds % 86_400
    let clock = "\(twoDigits(ofDay / 3600)):\(twoDigits(ofDay / 60 % 60)):\(twoDigits(ofDay % 60))"
    return "\(names[Int(days % 7)]), \(twoDigits(day)) \(months[Int(month - 1)]) \(year) \(clock) GMT"
  }

  private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

  /// The proleptic Gregorian date, counting years from March so that the leap day comes last in its year.
  private static func civilDate(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}
