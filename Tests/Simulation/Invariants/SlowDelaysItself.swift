internal import Time

/// A slow statement delays only itself: any other read is answered soon after its own time, unless every session of its
/// loop is held by slow ones. Only the time counts in which one was free.
struct SlowDelaysItself: Invariant {
  static let limit = Duration.milliseconds(100)

  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    guard case .read(let token, let own, let waited) = observation, waited > own + Self.limit else {
      return nil
    }
    return "read \(token), which runs for \(own), waited for \(waited) beside a free session"
  }
}
