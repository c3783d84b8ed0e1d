internal import Time

/// Each request has its answer by its deadline, and while nothing goes wrong a quick read has rows.
struct EndedByDeadline: Invariant {
  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .overdue(let request, let what): return "\(what), request \(request), has no answer at its deadline"
    case .readFailed(let token): return "read \(token) fails though nothing goes wrong"
    default: return nil
    }
  }
}
