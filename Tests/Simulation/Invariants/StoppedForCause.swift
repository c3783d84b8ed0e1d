internal import Time

/// The server is told to stop only what nobody waits for, or what is asked for again.
struct StoppedForCause: Invariant {
  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    guard case .cancelled(let read) = observation else { return nil }
    return "read \(read) was stopped while its caller waited for it"
  }
}
