import ServiceKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("When a day's job is tried")
struct DailyPlanTests {
  /// 03:00 GMT on 1 January 2026.
  private static let three = Timestamp(seconds: 1_767_236_400)

  private func plan(_ time: String = "03:00") throws -> DailyPlan {
    DailyPlan(try #require(TimeOfDay(time)), try LondonTime())
  }

  /// The macro cannot have what changes a value.
  private func expect(_ isTrue: Bool) { #expect(isTrue) }

  @Test("After a failure again and again for two hours, after growing pauses; then not before the next day")
  func failures() throws {
    var plan = try plan()
    var now = Self.three - .seconds(60)
    var tries: [Int64] = []
    while true {
      let due = try #require(plan.next(at: now))
      #expect(due.day == "2026-01-01")
      now = due.instant
      tries.append((now.seconds - Self.three.seconds) / 60)
      if !plan.note(false, of: due.day, at: now) { break }
    }
    #expect(tries == [0, 1, 3, 7, 15, 25, 35, 45, 55, 65, 75, 85, 95, 105, 115])
    #expect(plan.next(at: now) == .init(instant: Self.three + .seconds(86_400), day: "2026-01-02"))
    // And as patiently the next day.
    now = Self.three + .seconds(86_400)
    expect(plan.note(false, of: "2026-01-02", at: now))
    #expect(plan.next(at: now) == .init(instant: now + .seconds(60), day: "2026-01-02"))
  }

  @Test("Once it is done, not before the next day")
  func done() throws {
    var plan = try plan()
    expect(plan.note(false, of: "2026-01-01", at: Self.three))
    expect(plan.note(true, of: "2026-01-01", at: Self.three + .seconds(90)))
    let next = DailyPlan.Due(instant: Self.three + .seconds(86_400), day: "2026-01-02")
    #expect(plan.next(at: Self.three + .seconds(100)) == next)
    #expect(plan.next(at: Self.three + .seconds(7300)) == next)
  }

  @Test(
    "A process that starts within the two hours makes up for one that did not get to it; a later one does not"
  )
  func start() throws {
    let plan = try plan()
    let late = Self.three + .seconds(7199)
    #expect(plan.next(at: late) == .init(instant: late, day: "2026-01-01"))
    #expect(plan.next(at: late + .seconds(1))?.day == "2026-01-02")
  }

  @Test("A try after midnight is for the day before")
  func midnight() throws {
    var plan = try plan("23:30")
    // 23:30 on 1 January, and 00:05 on the next day.
    let due = Timestamp(seconds: 1_767_310_200)
    expect(plan.note(false, of: "2026-01-01", at: due))
    let later = due + .seconds(2100)
    #expect(plan.next(at: later) == .init(instant: later, day: "2026-01-01"))
    expect(plan.note(true, of: "2026-01-01", at: later))
    #expect(plan.next(at: later) == .init(instant: due + .seconds(86_400), day: "2026-01-02"))
  }
}

extension Timestamp {
  fileprivate static func - (instant: Self, duration: Duration) -> Self { instant + (.zero - duration) }
}
