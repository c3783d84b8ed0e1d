internal import Time

/// Opening a closed non-association again (docs/contract/non-associations.md §7.10). The reason takes the comment's place.
struct Reopening: Equatable, Sendable {
  var reason: String
  var by: String
  var at: Timestamp

  /// - Parameter openPairExists: whether the two prisoners have an open non-association, in whichever order; the row
  ///   itself may be it.
  /// - Throws: `NonAssociationsError.alreadyOpen`.
  func applied(
    to row: NonAssociation,
    openPairExists: Bool
  ) throws(NonAssociationsError) -> NonAssociation {
    guard !openPairExists else { throw .alreadyOpen(id: row.id) }
    var row = row
    row.closure = nil
    row.given.comment = reason
    row.whenUpdated = at
    row.updatedBy = by
    return row
  }
}
