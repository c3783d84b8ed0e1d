internal import Time

/// What is asked for is not answered by a server that was replaced long before.
struct FreshReads: Invariant {
  static let limit = Duration.seconds(5)

  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    guard case .stale(let token, let time) = observation, time > Self.limit else { return nil }
    return "read \(token) was asked for \(time) after its server was replaced"
  }
}
