internal import Time

/// What the broker gets was committed before, and was meant for it.
struct NoEventInvented: Invariant {
  private var committed: Set<Int64> = []

  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .committed(let row, _, let isOurs):
      if isOurs { committed.insert(row) }
      return nil
    case .accepted(let row):
      return committed.contains(row) ? nil : "row \(row) was published, and is none of ours"
    default: return nil
    }
  }
}
