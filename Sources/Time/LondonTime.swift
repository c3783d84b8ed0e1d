/// The rules of Europe/London, between instants and the wall clock that the contract puts on the wire
/// (docs/contract/non-associations.md §4.2). Load it once and pass it on.
public struct LondonTime: Sendable {
  private let rules: TimeZoneRules

  /// - Parameter bytes: the zone's TZif file (RFC 8536), as the system's time zone database has it.
  /// - Throws: `TZifError` when it is no such file.
  public init(tzif bytes: [UInt8]) throws(TZifError) { rules = try TimeZoneRules(tzif: bytes) }

  /// What London's clocks show at an instant.
  public func local(_ instant: Timestamp) -> LocalDateTime {
    let utc = LocalDateTime(asThoughUTC: instant)
    return LocalDateTime(
      wallSeconds: utc.wallSeconds + rules.offset(at: utc.wallSeconds),
      nanosecond: utc.nanosecond
    )
  }

  /// The instant at which London's clocks show `local`, ``LocalDateTime/rounded``. In the autumn hour
  /// that comes twice it is the second, in GMT; in the spring hour that is left out the clock has moved on, so that
  /// 01:30 means 02:30.
  public func instant(_ local: LocalDateTime) -> Timestamp {
    let local = local.rounded
    let seconds = rules.instant(wallSeconds: local.wallSeconds)
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    guard !overflow else { return Timestamp(seconds: seconds) }
    let (sum, carried) = product.addingReportingOverflow(Int64(local.nanosecond / 1000))
    return carried ? Timestamp(seconds: seconds) : Timestamp(microseconds: sum)
  }

  /// An ISO 8601 date-time with London's offset, as domain events carry it (docs/contract/non-associations.md §10.1):
  /// `2023-12-05T12:34:56.123456Z` in winter, `2023-07-15T13:34:56+01:00` in summer.
  public func offsetText(_ instant: Timestamp) -> String {
    let utc = LocalDateTime(asThoughUTC: instant)
    let offset = rules.offset(at: utc.wallSeconds)
    var bytes: [UInt8] = []
    LocalDateTime(wallSeconds: utc.wallSeconds + offset, nanosecond: utc.nanosecond).append(to: &bytes)
    Self.append(offset: Int(offset), to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func append(offset: Int, to bytes: inout [UInt8]) {
    guard offset != 0 else {
      bytes.append(UInt8(ascii: "Z"))
      return
    }
    let magnitude = abs(offset)
    bytes.append(UInt8(ascii: offset < 0 ? "-" : "+"))
    LocalDateTime.append(twoDigits: magnitude / 3600, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    LocalDateTime.append(twoDigits: magnitude / 60 % 60, to: &bytes)
    if !magnitude.isMultiple(of: 60) {
      bytes.append(UInt8(ascii: ":"))
      LocalDateTime.append(twoDigits: magnitude % 60, to: &bytes)
    }
  }
}
