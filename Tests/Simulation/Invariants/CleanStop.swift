internal import Time

/// A replica that says it has stopped has nothing in progress.
struct CleanStop: Invariant {
  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    guard case .stopped(let replica, let busy) = observation, busy > 0 else { return nil }
    return "replica \(replica) has stopped with \(busy) calls in flight"
  }
}
