import Testing

@testable import ServiceKit
@testable import Time

@Suite("London's clock")
struct LondonTimeTests {
  static let london = Result { try LondonTime() }

  private func instant(_ utc: String) throws -> Timestamp {
    let local = try #require(LocalDateTime(contractText: utc))
    return Timestamp(microseconds: local.wallSeconds * 1_000_000 + Int64(local.nanosecond / 1000))
  }

  @Test(
    "Instants show as local time, around every kind of change",
    arguments: [
      ("2023-12-05T12:34:56.123456Z", "2023-12-05T12:34:56.123456"),
      ("2023-07-15T12:34:56Z", "2023-07-15T13:34:56"),
      ("2023-03-26T00:59:59.999999Z", "2023-03-26T00:59:59.999999"),
      ("2023-03-26T01:00:00Z", "2023-03-26T02:00:00"),
      ("2023-10-29T00:59:59Z", "2023-10-29T01:59:59"),
      ("2023-10-29T01:00:00Z", "2023-10-29T01:00:00"),
      ("2023-06-30T22:59:59Z", "2023-06-30T23:59:59"),
      ("2023-06-30T23:00:00Z", "2023-07-01T00:00:00"),
      ("2023-12-31T23:59:59Z", "2023-12-31T23:59:59"),
      ("1968-12-31T23:00:00Z", "1969-01-01T00:00:00"),
      ("1971-10-31T02:00:00Z", "1971-10-31T02:00:00"),
      ("1941-07-01T12:00:00Z", "1941-07-01T14:00:00"),
      ("2037-07-01T12:00:00Z", "2037-07-01T13:00:00"),
      ("2038-01-19T03:14:08Z", "2038-01-19T03:14:08"),
      ("2038-07-01T12:00:00Z", "2038-07-01T13:00:00"),
      ("2050-03-27T00:59:59Z", "2050-03-27T00:59:59"),
      ("2050-03-27T01:00:00Z", "2050-03-27T02:00:00"),
      ("2050-10-30T00:59:59Z", "2050-10-30T01:59:59"),
      ("2050-10-30T01:00:00Z", "2050-10-30T01:00:00"),
      ("2399-07-31T23:00:00Z", "2399-08-01T00:00:00"),
      ("1800-01-01T00:01:15Z", "1800-01-01T00:00:00"),
    ]
  )
  func local(utc: String, local: String) throws {
    #expect(try Self.london.get().local(instant(utc)).text == local)
  }

  @Test(
    "Local times are stored as the instants of docs/contract/non-associations.md §4.2",
    arguments: [
      ("2023-06-07T10:30", "2023-06-07T09:30:00Z"),
      ("2023-12-05T12:34:56.123456", "2023-12-05T12:34:56.123456Z"),
      // The hour that is left out in spring moves forward.
      ("2023-03-26T00:59:59", "2023-03-26T00:59:59Z"),
      ("2023-03-26T01:00:00", "2023-03-26T01:00:00Z"),
      ("2023-03-26T01:30:00", "2023-03-26T01:30:00Z"),
      ("2023-03-26T02:00:00", "2023-03-26T01:00:00Z"),
      // The hour that comes twice in autumn is GMT.
      ("2023-10-29T00:59:59", "2023-10-28T23:59:59Z"),
      ("2023-10-29T01:00:00", "2023-10-29T01:00:00Z"),
      ("2023-10-29T01:30:00", "2023-10-29T01:30:00Z"),
      ("2023-10-29T01:59:59.999999", "2023-10-29T01:59:59.999999Z"),
      ("2023-10-29T02:00:00", "2023-10-29T02:00:00Z"),
      ("2050-03-27T01:30:00", "2050-03-27T01:30:00Z"),
      ("2050-10-30T01:30:00", "2050-10-30T01:30:00Z"),
      ("2050-07-01T00:00:00", "2050-06-30T23:00:00Z"),
      ("0000-01-01T00:00:00", "0000-01-01T00:01:15Z"),
      ("9999-07-31T00:00:00", "9999-07-30T23:00:00Z"),
      // Fractions beyond microseconds round half up.
      ("2023-12-05T12:34:56.1234564", "2023-12-05T12:34:56.123456Z"),
      ("2023-12-05T12:34:56.1234565", "2023-12-05T12:34:56.123457Z"),
      ("2023-12-31T23:59:59.9999995", "2024-01-01T00:00:00Z"),
    ]
  )
  func stored(local: String, utc: String) throws {
    let london = try Self.london.get()
    #expect(london.instant(try #require(LocalDateTime(contractText: local))) == (try instant(utc)))
  }

  @Test("Whatever date-time is accepted is read back, equal to the microsecond")
  func everyTimeComesBack() throws {
    let london = try Self.london.get()
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let wall = Int64.random(in: -62_167_219_200...253_402_300_799, using: &generator)
      let nanosecond = Int32.random(in: 0...999_999_999, using: &generator)
      let given = LocalDateTime(wallSeconds: wall, nanosecond: nanosecond)
      let accepted = try #require(LocalDateTime(contractText: given.text))
      let kept = london.instant(accepted)
      let shown = london.local(kept)
      // In the hour that spring leaves out, London's clocks show another time.
      #expect(shown == accepted.rounded || shown == london.local(london.instant(shown)))
      #expect(LocalDateTime(contractText: shown.text) == shown)
    }
    for text in ["0000-01-01T00:00", "9999-12-31T23:59:59.9999999"] {
      let given = try #require(LocalDateTime(contractText: text))
      #expect(london.local(london.instant(given)) == given.rounded)
    }
  }

  @Test("01:30 of the missing hour reads back as 02:30")
  func missingHour() throws {
    let london = try Self.london.get()
    let local = try #require(LocalDateTime(contractText: "2023-03-26T01:30"))
    #expect(london.local(london.instant(local)).text == "2023-03-26T02:30:00")
  }

  @Test("Every hour of sixty years survives the round trip, save the second showing of the doubled ones")
  func roundTrip() throws {
    let london = try Self.london.get()
    var changed = 0
    for hour in stride(from: Int64(0), to: 60 * 366 * 24, by: 1) {
      let instant = Timestamp(seconds: hour * 3600 + 1_000_000_800)
      if london.instant(london.local(instant)) != instant { changed += 1 }
    }
    #expect(changed == 60)
  }

  @Test(
    "Domain events carry London's offset",
    arguments: [
      ("2023-12-05T12:34:56.123456Z", "2023-12-05T12:34:56.123456Z"),
      ("2023-07-15T12:34:56Z", "2023-07-15T13:34:56+01:00"),
      ("2023-10-29T00:30:00Z", "2023-10-29T01:30:00+01:00"),
      ("2023-10-29T01:30:00Z", "2023-10-29T01:30:00Z"),
      ("1941-07-01T12:00:00.5Z", "1941-07-01T14:00:00.5+02:00"),
      ("1800-01-01T00:01:15Z", "1800-01-01T00:00:00-00:01:15"),
    ]
  )
  func offsets(utc: String, text: String) throws {
    #expect(try Self.london.get().offsetText(instant(utc)) == text)
  }

  @Test(
    "Audit messages carry instants with 0, 3 or 6 digits",
    arguments: [
      ("2023-12-05T12:34:56.123456Z", "2023-12-05T12:34:56.123456Z"),
      ("2023-12-05T12:34:56.12Z", "2023-12-05T12:34:56.120Z"),
      ("2023-12-05T12:34:56.00012Z", "2023-12-05T12:34:56.000120Z"),
      ("2023-07-15T12:34:56Z", "2023-07-15T12:34:56Z"),
      ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"),
    ]
  )
  func instants(utc: String, text: String) throws {
    #expect(try instant(utc).instantText == text)
  }

  @Test("No instant traps")
  func extremes() throws {
    let london = try Self.london.get()
    for microseconds in [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max] {
      let instant = Timestamp(microseconds: microseconds)
      #expect(!london.local(instant).text.isEmpty)
      #expect(!london.offsetText(instant).isEmpty)
      #expect(!instant.instantText.isEmpty)
      _ = london.instant(london.local(instant))
    }
    _ = london.instant(LocalDateTime(wallSeconds: .max, nanosecond: 999_999_999))
    _ = london.instant(LocalDateTime(wallSeconds: .min, nanosecond: 0))
  }

  @Test("A missing or broken file is named, with what to install")
  func missing() throws {
    #expect(throws: LondonTimeError(path: "/nowhere/London", reason: "cannot be read")) {
      try LondonTime(path: "/nowhere/London")
    }
    let error = #expect(throws: LondonTimeError.self) { try LondonTime(path: "/etc/passwd") }
    #expect(error?.description.contains("install the package tzdata") == true)
  }
}

@Suite("TZif files (RFC 8536)")
struct TimeZoneRulesTests {
  static func footer(_ text: String) -> [UInt8] {
    let header = { (types: UInt8, characters: UInt8) -> [UInt8] in
      Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + [UInt8](repeating: 0, count: 16)
        + [0, 0, 0, types, 0, 0, 0, characters]
    }
    return header(1, 4) + [0, 0, 0, 0, 0, 0] + Array("GMT\0".utf8) + header(1, 4) + [0, 0, 0, 0, 0, 0]
      + Array("GMT\0".utf8) + Array("\n\(text)\n".utf8)
  }

  @Test("Any truncated file is refused, never read beyond its end")
  func truncated() throws {
    let bytes = try #require(FileBytes.read("/usr/share/zoneinfo/Europe/London", limit: 1 << 20))
    for count in 0..<bytes.count {
      #expect(throws: TZifError.self) { try TimeZoneRules(tzif: Array(bytes.prefix(count))) }
    }
  }

  @Test("Damaged files never trap")
  func damaged() throws {
    let bytes = try #require(FileBytes.read("/usr/share/zoneinfo/Europe/London", limit: 1 << 20))
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 0xFF
      if let rules = try? TimeZoneRules(tzif: damaged) { _ = rules.offset(at: 1_700_000_000) }
    }
  }

  @Test("A zone without transitions follows its footer")
  func footerAlone() throws {
    let rules = try TimeZoneRules(tzif: Self.footer("AEST-10AEDT,M10.1.0,M4.1.0/3"))
    #expect(rules.offset(at: 1_704_067_200) == 11 * 3600)
    #expect(rules.offset(at: 1_719_792_000) == 10 * 3600)
  }

  @Test(
    "Footers are POSIX TZ strings",
    arguments: [
      ("UTC0", 1_700_000_000, 0), ("<+0530>-5:30", 1_700_000_000, 19_800),
      ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", 1_719_792_000, -7200),
      ("EST5EDT,M3.2.0,M11.1.0", 1_719_792_000, -14_400),
      ("EST5EDT,M3.2.0,M11.1.0", 1_704_067_200, -18_000), ("XXX0YYY,J60,J300", 1_709_164_799, 0),
      ("XXX0YYY,J60/0,J300", 1_709_251_200, 3600), ("XXX0YYY,59/0,300", 1_709_164_800, 3600),
      ("IST-1GMT0,M10.5.0,M3.5.0/1", 1_704_067_200, 0),
    ]
  )
  func rules(text: String, seconds: Int64, offset: Int64) {
    #expect(POSIXTimeZoneRule(Array(text.utf8))?.offset(at: seconds) == offset)
  }

  @Test(
    "Other footers are refused",
    arguments: [
      "0", "GMT", "GMT0BST", "GMT0BST,", "GMT0BST,M3.5.0", "GMT0BST,M13.5.0,M10.5.0",
      "GMT0BST,M3.6.0,M10.5.0",
      "GMT0BST,M3.5.7,M10.5.0", "GMT0BST,M3.5.0,M10.5.0x", "GMT25", "<GMT0", "GMT0BST,J0,J9", "GMT0BST,366,9",
      "GMT0:60", "GMT0BST,M3.5.0/168,M10.5.0", "GMT99999999999999999999",
    ]
  )
  func refused(text: String) {
    #expect(POSIXTimeZoneRule(Array(text.utf8)) == nil)
  }
}
