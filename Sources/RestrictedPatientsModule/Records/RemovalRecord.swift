internal import Time

/// When, by whom and why a patient's record is removed.
struct RemovalRecord: Equatable, Sendable {
  var at: LocalDateTime
  /// Nil when nobody asked for it.
  var by: String?
  var cause: ArchivedPatient.Cause
}
