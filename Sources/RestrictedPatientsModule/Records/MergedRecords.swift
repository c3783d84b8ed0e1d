/// The records of the two numbers of a merge.
struct MergedRecords: Equatable, Sendable {
  var removed: RestrictedPatient?
  var kept: RestrictedPatient?

  /// The record that keeps the merge from being done; of two, that of the removed number.
  var inTheWay: RestrictedPatient? { removed ?? kept }
}
