import ServiceKit
internal import Text
internal import Time

/// Two prisoners who must be kept apart: one row of `non_association` (`non-associations.md` §8).
struct NonAssociation: Equatable, Sendable {
  var id: Int64
  var first: Party
  var second: Party
  var reason: StoredCode<Reason>
  var restrictionType: StoredCode<RestrictionType>
  var comment: String
  var whenCreated: Timestamp
  var whenUpdated: Timestamp
  /// Nil on rows that were migrated without one.
  var authorisedBy: String?
  var updatedBy: String
  /// Nil while it is open.
  var closure: Closure?

  struct Party: Equatable, Sendable {
    var prisonerNumber: String
    var role: StoredCode<Role>
  }

  struct Closure: Equatable, Sendable {
    var by: String
    var reason: String
    var at: Timestamp
  }

  var isClosed: Bool { closure != nil }

  /// The listed prisoner's side and the other's.
  func sides(of prisonerNumber: String) -> (own: Party, other: Party) {
    first.prisonerNumber.hasSameBytes(as: prisonerNumber) ? (first, second) : (second, first)
  }
}
