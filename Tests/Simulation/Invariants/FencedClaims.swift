internal import Time

/// Only whoever has claimed a row last changes it.
struct FencedClaims: Invariant {
  private var holders: [Int64: Observation.Holder] = [:]

  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .claimed(let row, let holder):
      holders[row] = holder
      return nil
    case .settled(let row, let holder, _, _):
      return holders[row] == holder ? nil : "row \(row) was settled by a relay that had lost its claim"
    default: return nil
    }
  }
}
