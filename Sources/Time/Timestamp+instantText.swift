extension Timestamp {
  /// Reads an instant in UTC, to the microsecond: `2023-12-05T12:34:56.12Z`; nil for anything else.
  public init?(instantText: String) {
    guard instantText.hasSuffix("Z"), let time = LocalDateTime(contractText: String(instantText.dropLast()))
    else {
      return nil
    }
    self = Timestamp(seconds: time.wallSeconds) + .nanoseconds(Int64(time.nanosecond))
  }

  /// An instant in UTC with a fraction of 0, 3 or 6 digits, as audit messages carry it
  /// (docs/contract/non-associations.md §10.2): `2023-12-05T12:34:56.120Z`.
  public var instantText: String {
    let utc = LocalDateTime(asThoughUTC: self)
    var bytes: [UInt8] = []
    LocalDateTime(wallSeconds: utc.wallSeconds, nanosecond: 0).append(to: &bytes)
    let microsecond = Int(utc.nanosecond / 1000)
    if microsecond > 0 {
      let isMilliseconds = microsecond.isMultiple(of: 1000)
      var divisor = 100_000
      bytes.append(UInt8(ascii: "."))
      for _ in 0..<(isMilliseconds ? 3 : 6) {
        bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: microsecond / divisor % 10))
        divisor /= 10
      }
    }
    bytes.append(UInt8(ascii: "Z"))
    return String(decoding: bytes, as: UTF8.self)
  }
}
