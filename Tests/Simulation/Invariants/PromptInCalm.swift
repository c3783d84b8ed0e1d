internal import Time

/// While nothing goes wrong, an event is published at once: its notification is enough, nobody waits for the next look at
/// the table.
struct PromptInCalm: Invariant {
  static let limit = Duration.milliseconds(250)

  private var isCalm = false
  private var subjects: [Int64: String] = [:]
  private var committed: [Int64: MonotonicInstant] = [:]
  /// When the former row of the subject was settled: the next could not go out before.
  private var settled: [String: MonotonicInstant] = [:]

  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .calm: isCalm = true
    case .committed(let row, let subject, let isOurs):
      guard isCalm else { break }
      subjects[row] = subject
      if isOurs { committed[row] = now }
    case .settled(let row, _, _, _):
      if let subject = subjects[row] { settled[subject] = now }
    case .accepted(let row):
      guard let subject = subjects[row], let committed = committed.removeValue(forKey: row) else { break }
      let pause = now.duration(since: max(committed, settled[subject] ?? committed))
      return pause <= Self.limit ? nil : "row \(row) waited for \(pause)"
    default: break
    }
    return nil
  }
}
