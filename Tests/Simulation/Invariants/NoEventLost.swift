internal import Time

/// A row is marked as published only once the broker has it. (That every row is in the end is what the world waits for.)
struct NoEventLost: Invariant {
  private var accepted: Set<Int64> = []

  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .accepted(let row):
      accepted.insert(row)
      return nil
    case .settled(let row, _, let isPublished, _):
      return !isPublished || accepted.contains(row)
        ? nil : "row \(row) is marked, and the broker does not have it"
    default: return nil
    }
  }
}
