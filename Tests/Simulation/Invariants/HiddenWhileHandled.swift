internal import Time

/// While nothing goes wrong, no message is handled twice at once: it is kept hidden.
struct HiddenWhileHandled: Invariant {
  /// What was received while things went wrong has been handled by then, or is handled since.
  static let patience = Duration.seconds(5)

  private var healedAt: MonotonicInstant?
  /// The messages that are handled, since when everything was well.
  private var handled: Set<String> = []

  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .healed:
      healedAt = now
      return nil
    case .handling(let message, _, _):
      guard let healedAt, now > healedAt + Self.patience else { return nil }
      return handled.insert(message).inserted ? nil : "message \(message) is handled twice at once"
    case .handled(let message, _, _, _):
      handled.remove(message)
      return nil
    default: return nil
    }
  }
}
