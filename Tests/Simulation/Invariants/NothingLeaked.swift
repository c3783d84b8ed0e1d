internal import Time

/// Once nothing is in progress, the server has no connection that no process knows of, and who sees prison API and the
/// record disagree sees a change of unknown outcome. (That no lease is held is what the world waits for.)
struct NothingLeaked: Invariant {
  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    guard case .atRest(let connections, let known, let agreesOrIsSeen) = observation else { return nil }
    if connections != known {
      return "the server has \(connections) connections, of which \(known) are known"
    }
    return agreesOrIsSeen ? nil : "the record and prison API disagree, and nobody can see it"
  }
}
