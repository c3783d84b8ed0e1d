import JSON
import ServiceKit
import Testing

@testable import Time

@Suite("Local date-times in and out (docs/contract/non-associations.md §4.2)")
struct LocalDateTimeTests {
  @Test(
    "Every accepted form means the time as it is written",
    arguments: [
      ("2023-06-07T10:30", "2023-06-07T10:30:00"),
      ("2023-06-07T10:30:00", "2023-06-07T10:30:00"),
      ("2023-06-07T10:30:59", "2023-06-07T10:30:59"),
      ("2023-06-07T10:30:00.1", "2023-06-07T10:30:00.1"),
      ("2023-06-07T10:30:00.12", "2023-06-07T10:30:00.12"),
      ("2023-06-07T10:30:00.123456", "2023-06-07T10:30:00.123456"),
      ("2023-06-07T10:30:00.123456789", "2023-06-07T10:30:00.123456789"),
      ("2023-06-07T10:30:00.000000001", "2023-06-07T10:30:00.000000001"),
      ("2023-06-07T10:30:00.100000000", "2023-06-07T10:30:00.1"),
      ("2023-06-07T10:30:00.000Z", "2023-06-07T10:30:00"),
      ("2023-06-07T10:30Z", "2023-06-07T10:30:00"),
      ("2023-06-07T10:30:00Z", "2023-06-07T10:30:00"),
      ("  2023-06-07T10:30:00\t", "2023-06-07T10:30:00"),
      (" 2023-06-07T10:30:00.000Z ", "2023-06-07T10:30:00"),
      ("2023-06-07t10:30:00", "2023-06-07T10:30:00"),
      ("2023-06-07T10:30:00.", "2023-06-07T10:30:00"),
      ("2023-06-07T10:30:00.Z", "2023-06-07T10:30:00"),
      ("2024-02-29T00:00:00", "2024-02-29T00:00:00"),
      ("2000-02-29T23:59:59.999999999", "2000-02-29T23:59:59.999999999"),
      ("0000-01-01T00:00", "0000-01-01T00:00:00"),
      ("9999-12-31T23:59:59", "9999-12-31T23:59:59"),
    ]
  )
  func accepted(text: String, output: String) {
    #expect(LocalDateTime(contractText: text)?.text == output)
  }

  @Test(
    "Every other form is refused",
    arguments: [
      "2023-06-07", "2023-06-07 10:30:00", "2023-06-07T10", "2023-06-07T", "2023-06-07T10:30:00+01:00",
      "2023-06-07T10:30:00-00:00", "2023-06-07T10:30:00+0100", "2023-06-07T10:30:00z",
      "2023-06-07t10:30:00Z", "2023-06-07T10:30:00.1234567890", "2023-06-07T10:30:00.12345678901Z",
      "2023-6-07T10:30", "2023-06-7T10:30", "2023-06-07T1:30", "2023-06-07T10:3", "2023-06-07T10:30:0",
      "2023-06-07T24:00", "2023-06-07T24:00:00", "2023-06-07T10:60", "2023-06-07T10:30:60",
      "2023-02-29T10:30", "1900-02-29T10:30", "2023-04-31T10:30", "2023-00-07T10:30", "2023-13-07T10:30",
      "2023-06-00T10:30", "2023-06-32T10:30", "223-06-07T10:30", "12023-06-07T10:30", "+2023-06-07T10:30",
      "-2023-06-07T10:30", "2023/06/07T10:30", "2023-06-07T10.30", "2023-06-07T10:30.5",
      "2023-06-07T10:30:00,5", "2023-06-07T10:30:00.5x", "2023-06-07T10:30:00ZZ", "2023-06-07T10:30:00.-1",
      "2023-06-07T 10:30", "now", "1686130200000", "T", "Z", "２023-06-07T10:30",
    ]
  )
  func refused(text: String) {
    #expect(LocalDateTime(contractText: text) == nil)
  }

  @Test("Blanks alone are not a date-time", arguments: ["", " ", "\t \n"])
  func blank(text: String) {
    #expect(LocalDateTime.isBlank(text))
    #expect(LocalDateTime(contractText: text) == nil)
  }

  @Test(
    "Arrays of integers are accepted, with seconds and nanoseconds if wanted",
    arguments: [
      ("[2023,6,7,10,30]", "2023-06-07T10:30:00"),
      ("[2023,6,7,10,30,15]", "2023-06-07T10:30:15"),
      ("[2023,6,7,10,30,15,120000000]", "2023-06-07T10:30:15.12"),
      ("[2023,6,7,10,30,15,7]", "2023-06-07T10:30:15.000000007"),
    ]
  )
  func arrays(json: String, output: String) throws {
    let fields = try JSONObject(JSONValue(parsing: Array("{\"at\":\(json)}".utf8)))
    #expect(try fields.optionalDateTime("at")?.text == output)
  }

  @Test("Null, an empty text, blanks, an empty array and no property at all mean not given")
  func notGiven() throws {
    for json in ["{}", "{\"at\":null}", "{\"at\":\"\"}", "{\"at\":\"  \"}", "{\"at\":[]}"] {
      let fields = try JSONObject(JSONValue(parsing: Array(json.utf8)))
      #expect(try fields.optionalDateTime("at") == nil)
    }
  }

  @Test(
    "Other JSON is refused with the property's name",
    arguments: [
      "1686130200000", "true", "{}", "[2023,6,7]", "[2023,6,7,10]", "[2023,6,7,10,30,0,0,0]",
      "[2023,2,29,10,30]",
      "[2023,6,7,24,0]", "[2023,6,7,10,30,60]", "[2023,6,7,10,30,0,1000000000]", "[2023,6,7,10,\"30\"]",
      "[2023,6,7,10,30.5]", "[2023,6,7,10,null]", "[2023,6,7,10,99999999999999999999]", "[-1,6,7,10,30]",
      "\"2023-06-07\"",
    ]
  )
  func otherJSON(json: String) throws {
    let fields = try JSONObject(JSONValue(parsing: Array("{\"at\":\(json)}".utf8)))
    #expect(
      throws: JSONObjectError(
        property: "at",
        "must be a local date-time such as 2023-06-07T10:30:00, without an offset"
      )
    ) { try fields.optionalDateTime("at") }
  }

  @Test(
    "A time of no year of four digits is shown as the nearest that is, and still comes before or after it"
  )
  func extremes() {
    for wallSeconds in [253_402_300_800, 9_224_286_393_600, Int64.max] {
      let late = LocalDateTime(wallSeconds: wallSeconds, nanosecond: 0)
      #expect(late.text == "9999-12-31T23:59:59.999999")
      #expect(late > .latest && !late.isShowable)
    }
    for wallSeconds in [-62_167_219_201, -210_866_803_200, Int64.min] {
      let early = LocalDateTime(wallSeconds: wallSeconds, nanosecond: 999_999_999)
      #expect(early.text == "0000-01-01T00:00:00")
      #expect(early < .earliest && !early.isShowable)
    }
    for time in [LocalDateTime.earliest, .latest] {
      #expect(time.isShowable && LocalDateTime(contractText: time.text) == time)
    }
    let infinity = LocalDateTime(asThoughUTC: Timestamp(microseconds: .max))
    #expect(infinity.text == "9999-12-31T23:59:59.999999" && infinity > .latest)
    #expect(LocalDateTime(asThoughUTC: Timestamp(microseconds: .min)) < .earliest)
  }

  @Test(
    "What is kept is the nearest microsecond, and never a year that no answer can show",
    arguments: [
      ("2023-12-05T12:34:56.123456499", "2023-12-05T12:34:56.123456"),
      ("2023-12-05T12:34:56.1234565", "2023-12-05T12:34:56.123457"),
      ("2023-12-31T23:59:59.9999995", "2024-01-01T00:00:00"),
      ("9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999"),
      ("9999-12-31T23:59:59.9999994", "9999-12-31T23:59:59.999999"),
      ("9999-12-31T23:59:59.9999995", "9999-12-31T23:59:59.999999"),
      // .NET's "never".
      ("9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59.999999"),
      ("9999-12-31T23:59:59.999999999", "9999-12-31T23:59:59.999999"),
      ("0000-01-01T00:00:00.0000004", "0000-01-01T00:00:00"),
    ]
  )
  func rounded(given: String, kept: String) throws {
    let time = try #require(LocalDateTime(contractText: given))
    #expect(time.rounded.text == kept)
    #expect(time.rounded.rounded == time.rounded)
  }

  @Test("Days and dates agree over four thousand years")
  func calendar() {
    for days in stride(from: -800_000, through: 800_000, by: 7) {
      #expect(CivilDate(daysSince1970: days).daysSince1970 == days)
    }
    #expect(CivilDate(daysSince1970: 0) == CivilDate(validYear: 1970, month: 1, day: 1))
    #expect(CivilDate(daysSince1970: 19_782) == CivilDate(validYear: 2024, month: 2, day: 29))
  }

  @Test("Order is the order of the clock")
  func order() throws {
    let early = try #require(LocalDateTime(contractText: "2023-06-07T10:30:00.1"))
    let late = try #require(LocalDateTime(contractText: "2023-06-07T10:30:00.11"))
    #expect(early < late && late > early && early != late)
  }
}
