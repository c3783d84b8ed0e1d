internal import Time

/// A message is deleted only once a handler has returned for it.
struct HandledBeforeDeleted: Invariant {
  private var handled: Set<String> = []

  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .handled(let message, _, _, let isHandled):
      if isHandled { handled.insert(message) }
      return nil
    case .deleted(let message):
      return handled.contains(message) ? nil : "message \(message) was deleted and not handled"
    default: return nil
    }
  }
}
