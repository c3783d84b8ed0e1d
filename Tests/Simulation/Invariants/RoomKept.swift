internal import Time

/// No replica holds more messages than it may.
struct RoomKept: Invariant {
  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    guard case .holding(let count, let limit, let replica) = observation, count > limit else { return nil }
    return "replica \(replica) holds \(count) messages of \(limit)"
  }
}
