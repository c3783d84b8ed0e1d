/// The rule in a TZif footer, a POSIX `TZ` string with RFC 8536's extension of hours: `GMT0BST,M3.5.0/1,M10.5.0`.
struct POSIXTimeZoneRule: Sendable {
  /// Seconds east of UTC.
  private var standardOffset: Int64
  private var daylight: Daylight?

  private struct Daylight {
    var offset: Int64
    var start: Change
    var end: Change
  }

  private struct Change {
    var day: Day
    /// Seconds after midnight of the wall clock before the change; may be negative or beyond a day.
    var time: Int64
  }

  private enum Day {
    /// 1 to 365, 29 February never counted.
    case julian(Int)
    /// 0 to 365, 29 February counted.
    case ofYear(Int)
    /// Weekday 0 (Sunday) to 6 of week 1 to 5 (5: the last) of a month.
    case weekday(Int, week: Int, month: Int)

    func daysSince1970(year: Int) -> Int {
      let newYear = CivilDate.daysSince1970(year: year, month: 1, day: 1)
      switch self {
      case .julian(let day): return newYear + day - 1 + (CivilDate.isLeap(year) && day >= 60 ? 1 : 0)
      case .ofYear(let day): return newYear + day
      case .weekday(let weekday, let week, let month):
        let first = CivilDate.daysSince1970(year: year, month: month, day: 1)
        let weekdayOfFirst = ((first + 4) % 7 + 7) % 7
        var day = 1 + (weekday - weekdayOfFirst + 7) % 7 + (week - 1) * 7
        if day > CivilDate.daysInMonth(month, year: year) { day -= 7 }
        return first + day - 1
      }
    }
  }

  /// - Parameter text: nil is returned when it is not such a string.
  init?(_ text: [UInt8]) {
    var scanner = Scanner(rest: text[...])
    guard scanner.name(), let standard = scanner.time(maximumHours: 24) else { return nil }
    standardOffset = -standard
    guard !scanner.rest.isEmpty else { return }
    guard scanner.name() else { return nil }
    var offset = standardOffset + 3600
    if scanner.rest.first != UInt8(ascii: ",") {
      guard let given = scanner.time(maximumHours: 24) else { return nil }
      offset = -given
    }
    guard scanner.take(","), let start = scanner.change(), scanner.take(","), let end = scanner.change(),
      scanner.rest.isEmpty
    else { return nil }
    daylight = Daylight(offset: offset, start: start, end: end)
  }

  /// Seconds east of UTC at an instant, given in seconds since 1970-01-01T00:00:00Z.
  func offset(at seconds: Int64) -> Int64 {
    guard let daylight else { return standardOffset }
    let wall = Int(seconds + standardOffset)
    let year = CivilDate(daysSince1970: (wall >= 0 ? wall : wall - 86_399) / 86_400).year
    let start = instant(of: daylight.start, year: year, offset: standardOffset)
    let end = instant(of: daylight.end, year: year, offset: daylight.offset)
    let isDaylight = start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end
    return isDaylight ? daylight.offset : standardOffset
  }

  private func instant(of change: Change, year: Int, offset: Int64) -> Int64 {
    Int64(change.day.daysSince1970(year: year)) * 86_400 + change.time - offset
  }

  private struct Scanner {
    var rest: ArraySlice<UInt8>

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard rest.first == UInt8(ascii: character) else { return false }
      rest.removeFirst()
      return true
    }

    /// A designation: letters, or anything between angle brackets.
    mutating func name() -> Bool {
      if take("<") {
        guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
        rest = rest[(end + 1)...]
        return true
      }
      let letters = rest.prefix { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") }
      rest = rest.dropFirst(letters.count)
      return !letters.isEmpty
    }

    mutating func number(in range: ClosedRange<Int>) -> Int? {
      var value: Int?
      while let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
        value = (value ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
        rest.removeFirst()
        guard let value, value <= range.upperBound else { return nil }
      }
      guard let value, range.contains(value) else { return nil }
      return value
    }

    /// `[+-]h[:m[:s]]` in seconds.
    mutating func time(maximumHours: Int) -> Int64? {
      let isNegative = take("-")
      if !isNegative { _ = take("+") }
      guard let hours = number(in: 0...maximumHours) else { return nil }
      var seconds = hours * 3600
      if take(":") {
        guard let minutes = number(in: 0...59) else { return nil }
        seconds += minutes * 60
        if take(":") {
          guard let value = number(in: 0...59) else { return nil }
          seconds += value
        }
      }
      return Int64(isNegative ? -seconds : seconds)
    }

    mutating func change() -> Change? {
      guard let day = day() else { return nil }
      guard take("/") else { return Change(day: day, time: 7200) }
      guard let time = time(maximumHours: 167) else { return nil }
      return Change(day: day, time: time)
    }

    private mutating func day() -> Day? {
      if take("J") { return number(in: 1...365).map { .julian($0) } }
      guard take("M") else { return number(in: 0...365).map { .ofYear($0) } }
      guard let month = number(in: 1...12), take("."), let week = number(in: 1...5), take("."),
        let weekday = number(in: 0...6)
      else { return nil }
      return .weekday(weekday, week: week, month: month)
    }
  }
}
