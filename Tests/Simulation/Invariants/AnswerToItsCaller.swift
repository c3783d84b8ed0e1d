internal import Time

/// Nobody gets the answer to what another has asked, and nobody gets two.
struct AnswerToItsCaller: Invariant {
  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .answered(let asked, let answer):
      return answer == asked
        ? nil : "statement \(asked) gets the answer of \(answer.map(String.init) ?? "none")"
    case .endedTwice(let request): return "request \(request) ends twice"
    default: return nil
    }
  }
}
