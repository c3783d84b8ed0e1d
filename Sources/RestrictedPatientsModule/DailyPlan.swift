import ServiceKit
internal import Time

/// When a day's job is to be tried: at its time, and if that was in vain again after growing pauses, for two hours.
struct DailyPlan {
  /// A try, and the day it is for (`yyyy-MM-dd`), which may have ended before the try.
  struct Due: Equatable {
    var instant: Timestamp
    var day: String
  }

  /// How long after its time a day's job is still tried.
  static let window = Duration.seconds(7200)
  /// The first pause, twice as long each time.
  private static let firstPause = Duration.seconds(60)
  private static let longestPause = Duration.seconds(600)

  private let time: TimeOfDay
  private let london: LondonTime
  private var settledDay: String?
  private var failures = 0
  private var retry: Timestamp?

  init(_ time: TimeOfDay, _ london: LondonTime) {
    (self.time, self.london) = (time, london)
  }

  /// The next try, which is at once if today's is due and was not made.
  /// - Returns: nil if there is none for want of an end of time.
  func next(at now: Timestamp) -> Due? {
    if let last = time.last(before: now, london), now < last.instant + Self.window, last.day != settledDay {
      return Due(instant: max(now, retry ?? now), day: last.day)
    }
    return time.next(after: now, london)
  }

  /// What came of a try.
  /// - Returns: false if the day is given up with it.
  mutating func note(_ isDone: Bool, of day: String, at now: Timestamp) -> Bool {
    guard !isDone else {
      settle(day)
      return true
    }
    let again = now + min(Self.firstPause * (1 << min(failures, 10)), Self.longestPause)
    guard let last = time.last(before: now, london), last.day == day, again < last.instant + Self.window
    else {
      settle(day)
      return false
    }
    failures += 1
    retry = again
    return true
  }

  private mutating func settle(_ day: String) {
    settledDay = day
    failures = 0
    retry = nil
  }
}

/// Hours and minutes on London's clocks.
public struct TimeOfDay: Equatable, Sendable {
  private let text: String

  /// - Parameter text: `HH:mm`, 00:00 to 23:59.
  public init?(_ text: String) {
    guard text.utf8.count == 5, LocalDateTime(contractText: "2020-01-01T\(text)") != nil else { return nil }
    self.text = text
  }

  /// The first moment after `now` at which London's clocks show it.
  func next(after now: Timestamp, _ london: LondonTime) -> DailyPlan.Due? {
    occurrences(around: now, london).first { $0.instant > now }
  }

  /// The last moment, `now` or earlier, at which London's clocks showed it.
  func last(before now: Timestamp, _ london: LondonTime) -> DailyPlan.Due? {
    occurrences(around: now, london).last { $0.instant <= now }
  }

  /// Those of two days before and after, in order.
  private func occurrences(around now: Timestamp, _ london: LondonTime) -> [DailyPlan.Due] {
    var days: [String] = []
    for hours in stride(from: -48, through: 48, by: 12) {
      let day = london.local(now + .seconds(hours * 3600)).dateText
      if day != days.last { days.append(day) }
    }
    return days.compactMap { day in
      LocalDateTime(contractText: "\(day)T\(text)").map {
        DailyPlan.Due(instant: london.instant($0), day: day)
      }
    }
  }
}
