internal import JSON
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
      role: .known(try fields.choice("firstPrisonerRole"))
    )
    second = .init(
      prisonerNumber: try fields.text("secondPrisonerNumber"),
      role: .known(try fields.choice("secondPrisonerRole"))
    )
    reason = try fields.choice("reason")
    restrictionType = try fields.choice("restrictionType")
    comment = try fields.text("comment")
    var rules = FieldRules()
    rules.requirePrisonerNumber(first.prisonerNumber, "firstPrisonerNumber")
    rules.requirePrisonerNumber(second.prisonerNumber, "secondPrisonerNumber")
    if first.prisonerNumber == second.prisonerNumber {
      rules.violate("secondPrisonerNumber", Self.samePrisonerMessage)
    }
    rules.require(comment, "comment", Self.commentMessage)
    try rules.check()
  }
}
