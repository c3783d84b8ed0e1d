/// Hours and minutes on London's clocks.
public struct TimeOfDay: Equatable, Sendable {
  /// A moment at which the clocks show it.
  public struct Occurrence: Equatable, Sendable {
    public var instant: Timestamp
    /// The day on London's calendar, `yyyy-MM-dd`.
    public var day: String

    public init(instant: Timestamp, day: String) {
      self.instant = instant
      self.day = day
    }
  }

  private let text: String

  /// - Parameter text: `HH:mm`, 00:00 to 23:59.
  public init?(_ text: String) {
    guard text.utf8.count == 5, LocalDateTime(contractText: "2020-01-01T\(text)") != nil else { return nil }
    self.text = text
  }

  /// The first moment after `now` at which London's clocks show it.
  public func next(after now: Timestamp, _ london: LondonTime) -> Occurrence? {
    occurrences(around: now, london).first { $0.instant > now }
  }

  /// The last moment, `now` or earlier, at which London's clocks showed it.
  public func last(before now: Timestamp, _ london: LondonTime) -> Occurrence? {
    occurrences(around: now, london).last { $0.instant <= now }
  }

  /// Those of two days before and after, in order.
  private func occurrences(around now: Timestamp, _ london: LondonTime) -> [Occurrence] {
    var days: [String] = []
    for hours in stride(from: -48, through: 48, by: 12) {
      let day = london.local(now + .seconds(hours * 3600)).dateText
      if day != days.last { days.append(day) }
    }
    return days.compactMap { day in
      LocalDateTime(contractText: "\(day)T\(text)").map {
        Occurrence(instant: london.instant($0), day: day)
      }
    }
  }
}

extension LocalDateTime {
  /// Its day, `yyyy-MM-dd`.
  public var dateText: String { String(text.prefix { $0 != "T" }) }
}
