public import EventLoops

/// The rules of Europe/London, between instants and the wall clock that the contract puts on the wire
/// (`non-associations.md` §4.2). Load it once and pass it on.
public struct LondonTime: Sendable {
  private let rules: TimeZoneRules

  /// Reads the zone from the system's time zone database.
  ///
  /// - Parameter path: the zone's TZif file, at most 1 MiB.
  /// - Throws: `LondonTimeError` when the file is missing or unreadable.
  public init(path: String = "/usr/share/zoneinfo/Europe/London") throws(LondonTimeError) {
    guard let bytes = FileBytes.read(path, limit: 1 << 20) else {
      throw LondonTimeError(path: path, reason: "cannot be read")
    }
    do {
      rules = try TimeZoneRules(tzif: bytes)
    } catch {
      throw LondonTimeError(path: path, reason: "is not a time zone file (\(error.reason))")
    }
  }

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

  /// An ISO 8601 date-time with London's offset, as domain events carry it (`non-associations.md` §10.1):
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

/// Why London's time zone could not be loaded, and what to do about it.
public struct LondonTimeError: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let reason: String

  public var description: String { "\(path) \(reason): install the package tzdata" }
}

extension Timestamp {
  /// Reads an instant in UTC, to the microsecond: `2023-12-05T12:34:56.12Z`; nil for anything else.
  public init?(instantText: String) {
    guard instantText.hasSuffix("Z"), let time = LocalDateTime(contractText: String(instantText.dropLast()))
    else {
      return nil
    }
    self = Timestamp(seconds: time.wallSeconds) + .nanoseconds(Int64(time.nanosecond))
  }

  /// An instant in UTC with a fraction of 0, 3 or 6 digits, as audit messages carry it (`non-associations.md` §10.2):
  /// `2023-12-05T12:34:56.120Z`.
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
