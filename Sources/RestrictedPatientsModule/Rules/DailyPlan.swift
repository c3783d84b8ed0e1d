import ServiceKit
internal import Time

/// When a day's job is attempted: at its time, and after a failure again with back-off, for two hours.
struct DailyPlan {
  /// An attempt, and the day it is for (`yyyy-MM-dd`), which may have ended before it.
  typealias Due = TimeOfDay.Occurrence

  /// How long after its time a day's job is still attempted.
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

  /// The next attempt, which is at once if today's is due and was not made.
  /// - Returns: nil if there is none for want of an end of time.
  func next(at now: Timestamp) -> Due? {
    if let last = time.last(before: now, london), now < last.instant + Self.window, last.day != settledDay {
      return Due(instant: max(now, retry ?? now), day: last.day)
    }
    return time.next(after: now, london)
  }

  /// Takes the outcome of an attempt.
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
