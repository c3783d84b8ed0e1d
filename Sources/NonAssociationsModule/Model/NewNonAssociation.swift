import ServiceKit

/// The body of a create (`non-associations.md` §7.2), decoded and checked.
struct NewNonAssociation: Equatable, Sendable {
  var first: NonAssociation.Party
  var second: NonAssociation.Party
  var reason: Reason
  var restrictionType: RestrictionType
  var comment: String

  static let commentMessage = "A comment is required"
  static let samePrisonerMessage = "The two prisoner numbers must be different"

  /// - Throws: `PlatformFailure` for a body that cannot be read, `NonAssociationsError.invalidBody` with every rule
  ///   that is broken.
  init(_ body: JSONValue) throws {
    let fields = try JSONFields(body)
    first = .init(
      prisonerNumber: try fields.text("firstPrisonerNumber"),
      role: try fields.choice("firstPrisonerRole")
    )
    second = .init(
      prisonerNumber: try fields.text("secondPrisonerNumber"),
      role: try fields.choice("secondPrisonerRole")
    )
    reason = try fields.choice("reason")
    restrictionType = try fields.choice("restrictionType")
    comment = try fields.text("comment")
    let violations = violations()
    guard violations.isEmpty else { throw NonAssociationsError.invalidBody(violations) }
  }

  private func violations() -> [FieldViolation] {
    var violations: [FieldViolation] = []
    for (field, party) in [("firstPrisonerNumber", first), ("secondPrisonerNumber", second)]
    where !PrisonerNumber.isWellFormed(party.prisonerNumber) {
      violations.append(FieldViolation(field: field, message: PrisonerNumber.formatMessage))
    }
    // Together with the form, so that a caller is told of everything at once; the number is not repeated.
    if first.prisonerNumber == second.prisonerNumber {
      violations.append(FieldViolation(field: "secondPrisonerNumber", message: Self.samePrisonerMessage))
    }
    if comment.isEmpty { violations.append(FieldViolation(field: "comment", message: Self.commentMessage)) }
    return violations
  }
}

/// One broken rule of a body.
struct FieldViolation: Equatable, Sendable {
  var field: String
  var message: String
}
