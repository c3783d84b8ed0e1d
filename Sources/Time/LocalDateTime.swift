internal import CLinux

/// A date and time on the wall clock, without a zone: what the contract's date-times are on the wire
/// (docs/contract/non-associations.md §4.2; the clock meant is London's).
public struct LocalDateTime: Comparable, Hashable, Sendable {
  /// Seconds since 1970-01-01T00:00:00 *of the wall clock*, as though it had no zone.
  package let wallSeconds: Int64
  /// 0 to 999,999,999.
  package let nanosecond: Int32

  /// Held to ±10^16 seconds, far beyond what PostgreSQL stores, so that calendar arithmetic cannot overflow.
  init(wallSeconds: Int64, nanosecond: Int32) {
    self.wallSeconds = min(max(wallSeconds, -10_000_000_000_000_000), 10_000_000_000_000_000)
    self.nanosecond = nanosecond
  }

  /// A date-time from its parts, or nil if there is no such day or time.
  ///
  /// - Parameters:
  ///   - year: 0 to 9999.
  ///   - hour: 0 to 23.
  ///   - second: 0 to 59; leap seconds are not represented.
  ///   - nanosecond: 0 to 999,999,999.
  public init?(
    year: Int,
    month: Int,
    day: Int,
    hour: Int,
    minute: Int,
    second: Int = 0,
    nanosecond: Int = 0
  ) {
    guard let date = CivilDate(validYear: year, month: month, day: day), (0...23).contains(hour),
      (0...59).contains(minute), (0...59).contains(second), (0...999_999_999).contains(nanosecond)
    else { return nil }
    let seconds = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second
    self.init(wallSeconds: Int64(seconds), nanosecond: Int32(nanosecond))
  }

  /// The moments from and to which answers can show a time: the contract's form has a year of four digits, and the
  /// database microseconds.
  package static let earliest = LocalDateTime(wallSeconds: -62_167_219_200, nanosecond: 0)
  /// The last such moment: the end of the year 9999, to the microsecond.
  package static let latest = LocalDateTime(wallSeconds: 253_402_300_799, nanosecond: 999_999_000)

  /// What a clock in UTC shows. The infinities are times too: the first and the last that there are.
  package init(asThoughUTC instant: Timestamp) {
    let seconds = instant.seconds
    let microsecond = instant.microseconds &- seconds &* 1_000_000
    self.init(wallSeconds: seconds, nanosecond: Int32(truncatingIfNeeded: microsecond * 1000))
  }

  /// Whether its ``text`` is itself, and not the nearest time of the years 0 to 9999.
  package var isShowable: Bool {
    wallSeconds >= Self.earliest.wallSeconds && wallSeconds <= Self.latest.wallSeconds
  }

  /// As the database keeps it: to the nearest microsecond, halves up, but not beyond ``latest``, so that what was
  /// accepted as a time of the year 9999 does not become one that no answer can show.
  public var rounded: LocalDateTime {
    guard self <= Self.latest else { return .latest }
    let microseconds = (nanosecond + 500) / 1000
    return microseconds == 1_000_000
      ? LocalDateTime(wallSeconds: wallSeconds + 1, nanosecond: 0)
      : LocalDateTime(wallSeconds: wallSeconds, nanosecond: microseconds * 1000)
  }

  /// By the wall clock: year, month, day, time.
  public static func < (left: Self, right: Self) -> Bool {
    (left.wallSeconds, left.nanosecond) < (right.wallSeconds, right.nanosecond)
  }

  /// The day it is on.
  public var date: CivilDate {
    CivilDate(daysSince1970: Int((wallSeconds >= 0 ? wallSeconds : wallSeconds - 86_399) / 86_400))
  }

  /// The contract's output: seconds always, a fraction of 1 to 9 digits without trailing zeros, none when it is
  /// zero: `2023-12-05T12:34:56.1`. A time before the year 0 or after 9999, which the form has no place for and only a
  /// row can have, is shown as the nearest that it has.
  public var text: String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends ``text`` as ASCII.
  package func append(to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: Self.longestText))
    let end = write(to: &bytes, at: start)
    bytes.removeLast(bytes.count - end)
  }

  /// How many bytes ``text`` has at most.
  public static let longestText = 29

  /// Writes ``text`` as ASCII over bytes that are there.
  /// - Parameter start: a place of `bytes` with at least ``longestText`` bytes from it on.
  /// - Returns: where the text ends; `start` if there are too few bytes, and nothing is written then.
  public func write(to bytes: inout [UInt8], at start: Int) -> Int {
    guard isShowable else {
      return (self < Self.earliest ? Self.earliest : Self.latest).write(to: &bytes, at: start)
    }
    guard start >= 0, bytes.count - start >= Self.longestText else { return start }
    let (quotient, remainder) = Int(wallSeconds).quotientAndRemainder(dividingBy: 86_400)
    let (days, second) = remainder < 0 ? (quotient - 1, remainder + 86_400) : (quotient, remainder)
    let date = CivilDate(daysSince1970: days)
    return gateway_json_time(
      &bytes,
      start,
      Int32(truncatingIfNeeded: date.year),
      Int32(truncatingIfNeeded: date.month),
      Int32(truncatingIfNeeded: date.day),
      Int32(truncatingIfNeeded: second),
      nanosecond
    )
  }

  static func append(twoDigits value: Int, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / 10 % 10))
    bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10))
  }
}
