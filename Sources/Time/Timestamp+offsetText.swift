extension Timestamp {
  /// Reads an ISO 8601 date-time with its offset, as domain events carry it (docs/contract/non-associations.md §11):
  /// `2026-06-15T16:39:45+01:00`, `2026-01-15T10:20:30.123456789Z`; to the nearest microsecond. The offset is `Z`,
  /// `+hh`, `+hhmm`, `+hh:mm` or `+hh:mm:ss`, at most 18 hours; `[Europe/London]` may follow, and says no more than it.
  /// Anything else is nil, among it a time without an offset.
  public init?(offsetText text: String) {
    let zone = "[Europe/London]"
    let bytes = Array((text.hasSuffix(zone) ? text.dropLast(zone.count) : text[...]).utf8)
    let (local, offset): (ArraySlice<UInt8>, Int)
    if bytes.last == UInt8(ascii: "Z") || bytes.last == UInt8(ascii: "z") {
      (local, offset) = (bytes.dropLast(), 0)
    } else {
      // The date has dashes too, so the sign is sought behind it.
      guard bytes.count > 10,
        let sign = bytes[10...].firstIndex(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }),
        let seconds = Self.seconds(bytes[(sign + 1)...])
      else { return nil }
      (local, offset) = (bytes[..<sign], bytes[sign] == UInt8(ascii: "-") ? -seconds : seconds)
    }
    // The local form drops a zone letter of its own, which must not be there twice.
    guard let last = local.last, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last),
      let first = local.first, first > 0x20,
      let time = LocalDateTime(contractText: String(decoding: local, as: UTF8.self))
    else { return nil }
    let wall = Timestamp(seconds: time.wallSeconds - Int64(offset))
    self.init(microseconds: wall.microseconds + (Int64(time.nanosecond) + 500) / 1000)
  }

  /// `hh`, `hhmm`, `hh:mm` or `hh:mm:ss`.
  private static func seconds(_ text: ArraySlice<UInt8>) -> Int? {
    var parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    if parts.count == 1, text.count == 4 { parts = [text.prefix(2), text.suffix(2)] }
    guard (1...3).contains(parts.count) else { return nil }
    var seconds = 0
    for (part, limit) in zip(parts, [18, 59, 59]) {
      guard part.count == 2, part.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        let value = Int(String(decoding: part, as: UTF8.self)), value <= limit
      else { return nil }
      seconds = seconds * 60 + value
    }
    for _ in parts.count..<3 { seconds *= 60 }
    return seconds <= 18 * 3600 ? seconds : nil
  }
}
