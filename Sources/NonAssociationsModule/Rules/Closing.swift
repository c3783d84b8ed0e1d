internal import Time

/// Closing a non-association (docs/contract/non-associations.md §7.8).
struct Closing: Equatable, Sendable {
  var reason: String
  var by: String
  var at: Timestamp

  /// - Throws: `NonAssociationsError.alreadyClosed`.
  func applied(to row: NonAssociation) throws(NonAssociationsError) -> NonAssociation {
    guard !row.isClosed else { throw .alreadyClosed(id: row.id) }
    var row = row
    row.closure = .init(by: by, reason: reason, at: at)
    row.whenUpdated = at
    row.updatedBy = by
    return row
  }
}
