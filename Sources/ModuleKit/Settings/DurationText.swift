/// A length of time as the replaced services' settings have it: `20s`, `500ms`, `1d`, `PT20S`, or milliseconds without a
/// unit.
enum DurationText {
  /// More than anybody waits, and far from any overflow.
  private static let longest = Duration.seconds(10 * 366 * 86_400)

  /// - Returns: nil for a text that is none, or is longer than ten years. It may be zero or negative.
  static func parse(_ text: String) -> Duration? {
    let text = text.lowercased()[...]
    let (isNegative, unsigned) = sign(text)
    let magnitude = unsigned.first == "p" ? period(unsigned.dropFirst()) : simple(unsigned)
    guard let magnitude, magnitude <= longest, magnitude >= .zero - longest else { return nil }
    return isNegative ? .zero - magnitude : magnitude
  }

  private static func sign(_ text: Substring) -> (isNegative: Bool, rest: Substring) {
    text.first == "-" || text.first == "+" ? (text.first == "-", text.dropFirst()) : (false, text)
  }

  /// A number and a unit.
  private static func simple(_ text: Substring) -> Duration? {
    guard let (number, unit) = number(text) else { return nil }
    switch unit {
    case "ns": return .nanoseconds(number)
    case "us": return .microseconds(number)
    case "ms", "": return .milliseconds(number)
    case "s": return .seconds(number)
    case "m": return .seconds(number * 60)
    case "h": return .seconds(number * 3600)
    case "d": return .seconds(number * 86_400)
    default: return nil
    }
  }

  /// What stands behind the P of ISO 8601: days, then behind a T hours, minutes and seconds; each may be left out, or
  /// have a sign, but not all.
  private static func period(_ text: Substring) -> Duration? {
    var sum = Duration.zero
    var rest = text
    var isAfterT = false
    var units: [(Character, Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
    while !rest.isEmpty {
      if rest.first == "t", !isAfterT, rest.count > 1 {
        isAfterT = true
        units.removeAll { $0.0 == "d" }
        rest = rest.dropFirst()
        continue
      }
      let (isNegative, unsigned) = sign(rest)
      guard let (whole, afterWhole) = number(unsigned) else { return nil }
      var (fraction, after) = (Duration.zero, afterWhole)
      if afterWhole.first == "." || afterWhole.first == "," {
        let digits = afterWhole.dropFirst().prefix { $0.isASCII && $0.isNumber }
        after = afterWhole.dropFirst(digits.count + 1)
        guard after.first == "s", digits.count <= 9,
          let nanoseconds = Int64(String(digits) + String(repeating: "0", count: 9 - digits.count))
        else { return nil }
        fraction = .nanoseconds(nanoseconds)
      }
      guard let unit = after.first, let index = units.firstIndex(where: { $0.0 == unit }),
        isAfterT == (unit != "d")
      else { return nil }
      let part = Duration.seconds(whole * units[index].1) + fraction
      sum += isNegative ? .zero - part : part
      units.removeSubrange(...index)
      rest = after.dropFirst()
    }
    return text.isEmpty ? nil : sum
  }

  /// - Returns: a number of at most twelve digits, which times the seconds of a day still has room, and what follows.
  private static func number(_ text: Substring) -> (Int64, Substring)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard digits.count <= 12, let number = Int64(digits) else { return nil }
    return (number, text.dropFirst(digits.count))
  }
}
