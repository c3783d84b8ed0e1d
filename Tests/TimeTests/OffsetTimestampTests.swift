import ServiceKit
import Testing
import Time

@Suite("Date-times with an offset")
struct OffsetTimestampTests {
  @Test(
    "Read to the microsecond, whatever the offset",
    arguments: [
      ("2026-06-15T16:39:45+01:00", 1_781_537_985_000_000), ("2026-01-15T10:20:30Z", 1_768_472_430_000_000),
      ("2026-01-15T10:20:30.123456789Z", 1_768_472_430_123_457), ("2026-01-15T10:20Z", 1_768_472_400_000_000),
      ("2026-01-15T04:50:30-05:30", 1_768_472_430_000_000), ("1970-01-01T00:00:01+00:00:01", 0),
    ]
  )
  func read(text: String, microseconds: Int64) {
    #expect(Timestamp(offsetText: text)?.microseconds == microseconds)
  }

  @Test(
    "Refused: no offset, a bad one, two, and what is no date-time",
    arguments: [
      "", "Z", "2026-01-15T10:20:30", "2026-01-15", "2026-01-15T10:20:30+0100", "2026-01-15T10:20:30+19:00",
      "2026-01-15T10:20:30+01:60", "2026-01-15T10:20:30ZZ", "2026-01-15T10:20:30Z+01:00",
      "2026-01-15T10:20:30+",
      "2026-02-30T10:20:30Z", "+01:00", " 2026-01-15T10:20:30Z", "2026-01-15T10:20:30 Z",
      "2026-01-15T10:20:30.Z",
    ]
  )
  func refused(text: String) {
    #expect(Timestamp(offsetText: text) == nil)
  }
}
