internal import Time

/// The record changes only once prison API has made the change, and a caller hears of success only once the record has.
struct RecordedAsTold: Invariant {
  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .recorded(let operation, let isNew, let isKnown, let isGone):
      if isNew, !isKnown { return "a record of \(operation) that prison API does not have" }
      return isGone ? "the row of \(operation) has gone by itself" : nil
    case .changeAnswered(let operation, let hasRow):
      return hasRow ? "\(operation) was answered, and its row is still there" : nil
    default: return nil
    }
  }
}
