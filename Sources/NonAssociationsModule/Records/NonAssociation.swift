internal import JSON
import Postgres
import ServiceKit
internal import Text
internal import Time

/// Two prisoners who must be kept apart: one row of `non_association` (docs/contract/non-associations.md §8), with its
/// columns, its JSON, and what callers may give of it.
struct NonAssociation: Equatable, Sendable {
  /// 0 until the database has made one.
  var id: Int64
  var given: Given
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

  /// What callers say of it: all of it to create one, any part of it but the prisoners to patch one.
  struct Given: Equatable, Sendable {
    var first: Party
    var second: Party
    var reason: StoredCode<Reason>
    var restrictionType: StoredCode<RestrictionType>
    var comment: String
  }

  var first: Party { given.first }
  var second: Party { given.second }
  var isClosed: Bool { closure != nil }
  /// About how many bytes it is as JSON.
  var jsonSize: Int { 1024 + given.comment.utf8.count }

  /// The listed prisoner's side and the other's.
  func sides(of prisonerNumber: String) -> (own: Party, other: Party) {
    isFirst(prisonerNumber) ? (first, second) : (second, first)
  }

  /// Whether it is the first prisoner's number.
  func isFirst(_ prisonerNumber: String) -> Bool { first.prisonerNumber.hasSameBytes(as: prisonerNumber) }

  /// The other prisoner's number; nil if this one is on neither side.
  func counterpart(of prisonerNumber: String) -> String? {
    first.prisonerNumber.hasSameBytes(as: prisonerNumber)
      ? second.prisonerNumber
      : second.prisonerNumber.hasSameBytes(as: prisonerNumber) ? first.prisonerNumber : nil
  }
}

// MARK: What callers give

extension NonAssociation.Given {
  /// - Parameter current: what stays where a partial body says nothing.
  init(_ body: inout BodyFields, else current: Self?) throws(JSONObjectError) {
    first = try NonAssociation.Party("first", PrisonerNumber.rule, &body, else: current?.first)
    second = try NonAssociation.Party("second", PrisonerNumber.otherRule, &body, else: current?.second)
    if !body.isPartial, first.prisonerNumber == second.prisonerNumber {
      body.violate("secondPrisonerNumber", "The two prisoner numbers must be different")
    }
    reason = try body.code("reason", else: current?.reason)
    restrictionType = try body.code("restrictionType", else: current?.restrictionType)
    comment = try body.text(
      "comment",
      .notEmpty(
        body.isPartial ? "Comment cannot be blank" : "A comment is required",
        "Why the prisoners are kept apart, in words"
      ),
      else: current?.comment
    )
  }
}

extension NonAssociation.Party {
  /// - Parameter side: `first` or `second`, with which the names of the properties begin.
  fileprivate init(
    _ side: String,
    _ rule: TextRule,
    _ body: inout BodyFields,
    else current: Self?
  ) throws(JSONObjectError) {
    prisonerNumber =
      body.isPartial
      ? current?.prisonerNumber ?? "" : try body.text("\(side)PrisonerNumber", rule)
    role = try body.code("\(side)PrisonerRole", else: current?.role)
  }
}

// MARK: Columns

/// The columns of `non_association`, each declared once: column, type, order of lists, value.
///
/// A class: each row that is read asks it for every position, and one reference is handed on at less cost than all fields.
final class NonAssociationFields: Sendable {
  typealias Row = NonAssociation

  let id: Field<Row, Int64>
  let firstNumber: Field<Row, String>
  let firstRole: Field<Row, StoredCode<Role>>
  let secondNumber: Field<Row, String>
  let secondRole: Field<Row, StoredCode<Role>>
  let reason: Field<Row, StoredCode<Reason>>
  let restrictionType: Field<Row, StoredCode<RestrictionType>>
  let comment: Field<Row, String>
  let authorisedBy: Field<Row, String?>
  let isClosed: Field<Row, Bool>
  let closedBy: Field<Row, String?>
  let closedReason: Field<Row, String?>
  let closedAt: Field<Row, Timestamp?>
  let whenCreated: Field<Row, Timestamp>
  let whenUpdated: Field<Row, Timestamp>
  let updatedBy: Field<Row, String>

  init(_ table: inout Table<Row>) {
    let number = Column<Row>.SQLType.varchar(ColumnLimit.prisonerNumber)
    let code = Column<Row>.SQLType.varchar(ColumnLimit.code)
    let user = Column<Row>.SQLType.varchar(ColumnLimit.user)
    id = table.key("id", sort: .plain("id")) { $0.id }
    firstNumber = table.text("first_prisoner_number", number, sort: .ignoringCase("firstPrisonerNumber")) {
      $0.given.first.prisonerNumber
    }
    firstRole = table.code("first_prisoner_role", code, sort: .plain("firstPrisonerRole")) {
      $0.given.first.role
    }
    secondNumber = table.text("second_prisoner_number", number, sort: .ignoringCase("secondPrisonerNumber")) {
      $0.given.second.prisonerNumber
    }
    secondRole = table.code("second_prisoner_role", code, sort: .plain("secondPrisonerRole")) {
      $0.given.second.role
    }
    reason = table.code("reason", code, sort: .plain("reason")) { $0.given.reason }
    restrictionType = table.code("restriction_type", code, sort: .plain("restrictionType")) {
      $0.given.restrictionType
    }
    comment = table.text("comment", .text, sort: .ignoringCase("comment")) { $0.given.comment }
    authorisedBy = table.optionalText("authorised_by", user, sort: .ignoringCase("authorisedBy")) {
      $0.authorisedBy
    }
    isClosed = table.derivedBoolean("is_closed", sort: .plain("isClosed")) { $0.isClosed }
    closedBy = table.optionalText("closed_by", user, sort: .ignoringCase("closedBy")) { $0.closure?.by }
    closedReason = table.optionalText("closed_reason", .text, sort: .ignoringCase("closedReason")) {
      $0.closure?.reason
    }
    closedAt = table.optionalInstant("closed_at", sort: .plain("closedAt")) { $0.closure?.at }
    whenCreated = table.instant("when_created", sort: .plain("whenCreated")) { $0.whenCreated }
    whenUpdated = table.instant("when_updated", sort: .plain("whenUpdated")) { $0.whenUpdated }
    updatedBy = table.text("updated_by", user, sort: .ignoringCase("updatedBy")) { $0.updatedBy }
  }
}

extension NonAssociation {
  static let record = Record("non_association", NonAssociationFields.init)

  /// - Parameter start: the position of the first column of the select list.
  init(
    _ row: PostgresRow,
    from start: Int = 0,
    of table: StaticString = record.table.name,
    _ fields: NonAssociationFields,
    _ misfits: MisfitValues
  ) throws {
    let row = LenientRow(row, from: start, of: table, key: .id(fields.id.position), misfits: misfits)
    id = try fields.id(row)
    given = Given(
      first: Party(prisonerNumber: try fields.firstNumber(row), role: try fields.firstRole(row)),
      second: Party(prisonerNumber: try fields.secondNumber(row), role: try fields.secondRole(row)),
      reason: try fields.reason(row),
      restrictionType: try fields.restrictionType(row),
      comment: try fields.comment(row)
    )
    whenCreated = try fields.whenCreated(row)
    whenUpdated = try fields.whenUpdated(row)
    authorisedBy = try fields.authorisedBy(row)
    updatedBy = try fields.updatedBy(row)
    closure = try Closure(row, fields)
  }
}

extension NonAssociation.Closure {
  /// The table's checks keep the three columns together; the history, and a table that lost its checks, may have some of
  /// them.
  fileprivate init?(_ row: LenientRow, _ fields: NonAssociationFields) throws {
    let isOpen =
      try fields.closedBy.isNull(row) && fields.closedReason.isNull(row) && fields.closedAt.isNull(row)
    if isOpen { return nil }
    by = try row.text(fields.closedBy.position)
    reason = try row.text(fields.closedReason.position)
    at = try row.instant(fields.closedAt.position)
  }
}

// MARK: JSON

extension NonAssociation {
  /// The contract's shape of one non-association (docs/contract/non-associations.md §5).
  enum Shape: ObjectShape {
    typealias Value = NonAssociation
    static let name: String? = "NonAssociation"
    static let summary: String? = "Two prisoners who are, or were, to be kept apart"

    static func declare(_ json: inout some ObjectDescriber<NonAssociation>) {
      json.integer("id", .nonAssociationID) { $0.id }
      json.text("firstPrisonerNumber", PrisonerNumber.schema) { $0.given.first.prisonerNumber }
      json.code("firstPrisonerRole", words: "firstPrisonerRoleDescription") { $0.given.first.role }
      json.text("secondPrisonerNumber", PrisonerNumber.schema) { $0.given.second.prisonerNumber }
      json.code("secondPrisonerRole", words: "secondPrisonerRoleDescription") { $0.given.second.role }
      json.codes { $0 }
      json.text("comment") { $0.given.comment }
      json.times { $0 }
      json.closure { $0 }
      json.boolean("isOpen") { !$0.isClosed }
    }
  }
}

// Properties that stand in several shapes.
extension ObjectDescriber {
  /// Why and how far apart.
  mutating func codes(_ row: (Value) -> NonAssociation) {
    code("reason", words: "reasonDescription") { row($0).given.reason }
    code("restrictionType", words: "restrictionTypeDescription") { row($0).given.restrictionType }
  }

  /// When it was created and changed, and by whom.
  mutating func times(_ row: (Value) -> NonAssociation) {
    instant("whenCreated", .londonTime("When the non-association was created")) { row($0).whenCreated }
    instant("whenUpdated", .londonTime("When the non-association was last changed")) { row($0).whenUpdated }
    text("updatedBy", .text("Who changed the non-association last")) { row($0).updatedBy }
  }

  /// Whether it is closed, by whom, why and when.
  mutating func closure(_ row: (Value) -> NonAssociation) {
    boolean("isClosed") { row($0).isClosed }
    optionalText("closedBy", .text("Who closed the non-association")) { row($0).closure?.by }
    optionalText("closedReason", .text("Why the non-association was closed")) { row($0).closure?.reason }
    optionalInstant("closedAt", .londonTime("When the non-association was closed")) { row($0).closure?.at }
  }
}
