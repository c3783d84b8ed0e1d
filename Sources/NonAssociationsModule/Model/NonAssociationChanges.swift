internal import JSON
import ServiceKit
internal import Time

/// The body of a patch (`non-associations.md` §7.7): nil leaves a value as it is.
struct NonAssociationPatch: Equatable, Sendable {
  var firstRole: Role?
  var secondRole: Role?
  var reason: Reason?
  var restrictionType: RestrictionType?
  var comment: String?

  /// - Throws: `PlatformFailure` for a body that cannot be read, `NonAssociationsError.invalidBody`.
  init(_ body: JSONValue) throws {
    let fields = try JSONFields(body)
    firstRole = try fields.optionalChoice("firstPrisonerRole")
    secondRole = try fields.optionalChoice("secondPrisonerRole")
    reason = try fields.optionalChoice("reason")
    restrictionType = try fields.optionalChoice("restrictionType")
    comment = try fields.optionalText("comment")
    var rules = FieldRules()
    rules.require(comment, "comment", "Comment cannot be blank")
    try rules.check()
  }

  func apply(to row: inout NonAssociation) {
    row.first.role = firstRole.map(StoredCode.known) ?? row.first.role
    row.second.role = secondRole.map(StoredCode.known) ?? row.second.role
    row.reason = reason.map(StoredCode.known) ?? row.reason
    row.restrictionType = restrictionType.map(StoredCode.known) ?? row.restrictionType
    row.comment = comment ?? row.comment
  }
}

/// The body of a close (§7.8).
struct CloseRequest: Equatable, Sendable {
  var reason: String
  /// Nil means now.
  var at: LocalDateTime?
  /// Nil means the token's user.
  var by: String?

  /// - Throws: as `NonAssociationPatch`.
  init(_ body: JSONValue) throws {
    let fields = try JSONFields(body)
    reason = try fields.text("closedReason")
    at = try fields.optionalDateTime("closedAt")
    by = try fields.optionalText("closedBy")
    var rules = FieldRules()
    rules.require(reason, "closedReason", "Comment cannot be blank")
    rules.requireName(by, "closedBy", "Closed by must be a maximum of 60 characters")
    try rules.check()
  }
}

/// The body of a re-opening (§7.10).
struct ReopenRequest: Equatable, Sendable {
  var reason: String
  /// Nil means now.
  var at: LocalDateTime?
  /// Nil means the token's user.
  var by: String?

  /// - Throws: as `NonAssociationPatch`.
  init(_ body: JSONValue) throws {
    let fields = try JSONFields(body)
    reason = try fields.text("reopenReason")
    at = try fields.optionalDateTime("reopenedAt")
    by = try fields.optionalText("reopenedBy")
    var rules = FieldRules()
    rules.require(reason, "reopenReason", "The reason for re-opening cannot be blank")
    rules.requireName(by, "reopenedBy", "Reopened by must be a maximum of 60 characters")
    try rules.check()
  }
}

/// The body of a deletion (§7.9).
struct DeleteRequest: Equatable, Sendable {
  var reason: String
  var requestedBy: String

  init(reason: String, requestedBy: String) {
    self.reason = reason
    self.requestedBy = requestedBy
  }

  /// - Throws: as `NonAssociationPatch`.
  init(_ body: JSONValue) throws {
    let fields = try JSONFields(body)
    reason = try fields.text("deletionReason")
    requestedBy = try fields.text("staffUserNameRequestingDeletion")
    var rules = FieldRules()
    rules.require(reason, "deletionReason", "Comment cannot be blank")
    rules.requireName(
      requestedBy,
      "staffUserNameRequestingDeletion",
      "Deleted by must be a maximum of 60 characters"
    )
    try rules.check()
  }

  /// What the audit message of the deletion holds (§10.1).
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field("deletionReason", reason)
    writer.field("staffUserNameRequestingDeletion", requestedBy)
    writer.endObject()
  }
}
