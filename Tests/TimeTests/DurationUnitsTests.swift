import Testing
import Time

@Suite("Durations as other interfaces count them")
struct DurationUnitsTests {
  @Test("Rounded up, cut off and held to their range; less than nothing counts as nothing")
  func units() {
    let cases: [(Duration, seconds: Int, milliseconds: Int64, nanoseconds: UInt64)] = [
      (.zero, 0, 0, 0), (.seconds(-1), 0, 0, 0), (.milliseconds(-1), 0, 0, 0),
      (.nanoseconds(1), 1, 0, 1), (.milliseconds(999), 1, 999, 999_000_000),
      (.seconds(2), 2, 2000, 2_000_000_000), (.milliseconds(2001), 3, 2001, 2_001_000_000),
      (.seconds(Int64.max), .max, Int64(UInt64.max / 1_000_000), .max),
      (Duration(secondsComponent: .max, attosecondsComponent: 1), .max, Int64(UInt64.max / 1_000_000), .max),
    ]
    for (duration, seconds, milliseconds, nanoseconds) in cases {
      #expect(duration.secondsRoundedUp == seconds)
      #expect(duration.wholeMilliseconds == milliseconds)
      #expect(duration.wholeNanoseconds == nanoseconds)
    }
    #expect(Duration.milliseconds(1500).inSeconds == 1.5)
  }
}
