internal import Time

/// Something that is always so. It looks at each thing that happens, and says what is not as it should be.
protocol Invariant {
  /// - Returns: what is wrong; nil if nothing is.
  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String?
}

/// All invariants there are.
func allInvariants() -> [any Invariant] {
  [
    NoEventInvented(), NoEventLost(), OrderPerSubject(), FencedClaims(), SetAsideForCause(),
    HandledBeforeDeleted(),
    HiddenWhileHandled(), RoomKept(), PromptInCalm(), CleanStop(),
    AnswerToItsCaller(), StoppedForCause(), EndedByDeadline(), SlowDelaysItself(), FreshReads(),
    NothingLeaked(),
    ToldOnce(), RecordedAsTold(),
  ]
}
