internal import Time

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
    let date = CivilDate(daysSince1970: Int(days))
    let ofDay = Int(seconds % 86_400)
    let clock = "\(twoDigits(ofDay / 3600)):\(twoDigits(ofDay / 60 % 60)):\(twoDigits(ofDay % 60))"
    return
      "\(names[Int(days % 7)]), \(twoDigits(date.day)) \(months[date.month - 1]) \(date.year) \(clock) GMT"
  }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
