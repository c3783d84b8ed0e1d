internal import RestrictedPatientsModule
internal import Time

/// Prison API is never told of a change twice without having been asked, or somebody having decided, in between; and not
/// without a row that keeps others from telling it.
struct ToldOnce: Invariant {
  /// Of which changes nobody knows whether prison API has made them, since it was told last.
  private var unanswered: Set<ExternalChangeOperation> = []

  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .told(let operation, let isOpen):
      if !isOpen { return "\(operation) is told without a row that keeps others out" }
      return unanswered.insert(operation).inserted
        ? nil : "\(operation) is told again, and nobody has been asked or has decided"
    case .asked(let operation, let has):
      // Of a discharge only that it was made ends the doubt.
      if operation == .remove || has { unanswered.remove(operation) }
    case .outcomeKnown(let operation): unanswered.remove(operation)
    default: break
    }
    return nil
  }
}
