internal import JSON
import ServiceKit

/// The body of a question what a user may do (`permissions.md`).
struct PermissionQuestion: Equatable, Sendable {
  var first: String
  /// May be the first again: what could be for that prisoner at all.
  var second: String
  var roles: [String]
  var caseloads: [String]
  var policy: UserPermissions.Policy

  /// - Throws: `PlatformFailure` for a body that cannot be read, `NonAssociationsError.invalidBody`.
  init(_ body: JSONValue) throws {
    let fields = try JSONFields(body)
    first = try fields.text("firstPrisonerNumber")
    second = try fields.text("secondPrisonerNumber")
    roles = try fields.texts("roles")
    caseloads = try fields.texts("caseloads")
    policy = try fields.optionalChoice("policy") ?? .documented
    var rules = FieldRules()
    rules.requirePrisonerNumber(first, "firstPrisonerNumber")
    rules.requirePrisonerNumber(second, "secondPrisonerNumber")
    try rules.check()
  }
}

/// The answer: a decision for each action, and where both prisoners were found.
struct PermissionAnswer: Sendable {
  var question: PermissionQuestion
  var permissions: UserPermissions
  var firstPlace: UserPermissions.Place
  var secondPlace: UserPermissions.Place

  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    for action in UserPermissions.Action.allCases {
      writer.key(action.rawValue)
      Self.write(permissions.decision(action, firstPlace, secondPlace), to: &writer)
    }
    writer.key("firstPrisoner")
    write(question.first, firstPlace, to: &writer)
    writer.key("secondPrisoner")
    write(question.second, secondPlace, to: &writer)
    writer.endObject()
  }

  private func write(_ number: String, _ place: UserPermissions.Place, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field("prisonerNumber", number)
    writer.field("found", place.rawValue)
    writer.key("viewProfile")
    Self.write(permissions.profileDecision(place), to: &writer)
    writer.endObject()
  }

  private static func write(_ decision: UserPermissions.Decision, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field("allowed", decision.isAllowed)
    writer.field("rule", decision.rule)
    writer.endObject()
  }
}
