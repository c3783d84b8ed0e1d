internal import Time

/// A row is set aside only if the broker calls its content invalid, or it was meant for another destination.
struct SetAsideForCause: Invariant {
  private var refused: Set<Int64> = []

  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .committed(let row, _, let isOurs):
      if !isOurs { refused.insert(row) }
      return nil
    case .refused(let row):
      refused.insert(row)
      return nil
    case .settled(let row, _, _, let isSetAside):
      return !isSetAside || refused.contains(row) ? nil : "row \(row) was set aside for nothing"
    default: return nil
    }
  }
}
