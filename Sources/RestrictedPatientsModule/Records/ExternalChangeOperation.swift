/// What the change does to the record.
package enum ExternalChangeOperation: String, CaseIterable, Sendable {
  case add = "ADD"
  case remove = "REMOVE"

  /// Whether prison API may be told once more when it says, on being asked, that it has not made the change. Of a
  /// discharge it may not: the first call may still come through (docs/contract/restricted-patients.md §14 row 6).
  package var mayBeToldAgain: Bool { self == .remove }
}
