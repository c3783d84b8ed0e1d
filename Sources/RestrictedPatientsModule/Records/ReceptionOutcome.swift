/// What becomes of a record when its prisoner is received into a prison.
enum ReceptionOutcome: Equatable, Sendable {
  case removed
  /// The prisoner went to hospital after that.
  case kept
  /// There is none.
  case absent
}
