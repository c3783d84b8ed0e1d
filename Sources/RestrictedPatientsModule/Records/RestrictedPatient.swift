import Postgres
import ServiceKit
internal import Time

/// A prisoner still serving a sentence who is held in a hospital (docs/contract/restricted-patients.md §5): one row of
/// `restricted_patients`, with its columns and its JSON. Times are London's, without a zone.
struct RestrictedPatient: Equatable, Sendable {
  var prisonerNumber: String
  /// The prison released from.
  var fromLocationID: String
  var hospitalLocationCode: String
  /// The prison responsible: all of a row that ever changes.
  var supportingPrisonID: String
  var dischargeTime: LocalDateTime
  var commentText: String?
  var createdAt: LocalDateTime
  /// Nil for a row made by an event.
  var createdBy: String?
  var modifiedAt: LocalDateTime?
  var modifiedBy: String?
}

// MARK: Columns

/// The columns of `restricted_patients`, each declared once: column, type, value.
///
/// A class: each row that is read asks it for every position, and one reference is handed on at less cost than all fields.
final class RestrictedPatientFields: Sendable {
  typealias Row = RestrictedPatient

  let prisonerNumber: Field<Row, String>
  let fromLocationID: Field<Row, String>
  let hospitalLocationCode: Field<Row, String>
  let supportingPrisonID: Field<Row, String>
  let dischargeTime: Field<Row, LocalDateTime>
  let commentText: Field<Row, String?>
  let createdAt: Field<Row, LocalDateTime>
  let createdBy: Field<Row, String?>
  let modifiedAt: Field<Row, LocalDateTime?>
  let modifiedBy: Field<Row, String?>

  init(_ table: inout Table<Row>) {
    prisonerNumber = table.text("prisoner_number", .varchar(ColumnLimit.prisonerNumber)) {
      $0.prisonerNumber
    }
    fromLocationID = table.text("from_location_id", .varchar(ColumnLimit.prison)) { $0.fromLocationID }
    hospitalLocationCode = table.text("hospital_location_code", .varchar(ColumnLimit.hospital)) {
      $0.hospitalLocationCode
    }
    supportingPrisonID = table.text("supporting_prison_id", .varchar(ColumnLimit.prison)) {
      $0.supportingPrisonID
    }
    dischargeTime = table.localTime("discharge_time") { $0.dischargeTime }
    commentText = table.optionalText("comment_text", .varchar(ColumnLimit.comment)) { $0.commentText }
    createdAt = table.localTime("create_datetime") { $0.createdAt }
    createdBy = table.optionalText("create_user_id", .varchar(ColumnLimit.user)) { $0.createdBy }
    modifiedAt = table.optionalLocalTime("modify_datetime") { $0.modifiedAt }
    modifiedBy = table.optionalText("modify_user_id", .varchar(ColumnLimit.user)) { $0.modifiedBy }
  }
}

extension RestrictedPatient {
  static let record = Record("restricted_patients", RestrictedPatientFields.init)

  /// - Parameter start: the position of the first column of the select list.
  init(
    _ row: PostgresRow,
    from start: Int = 0,
    of table: StaticString = record.table.name,
    key: LenientRow.Key = .prisoner(record.fields.prisonerNumber.position),
    _ fields: RestrictedPatientFields,
    _ misfits: MisfitValues
  ) throws {
    let row = LenientRow(row, from: start, of: table, key: key, misfits: misfits)
    prisonerNumber = try fields.prisonerNumber(row)
    fromLocationID = try fields.fromLocationID(row)
    hospitalLocationCode = try fields.hospitalLocationCode(row)
    supportingPrisonID = try fields.supportingPrisonID(row)
    dischargeTime = try fields.dischargeTime(row)
    commentText = try fields.commentText(row)
    createdAt = try fields.createdAt(row)
    createdBy = try fields.createdBy(row)
    modifiedAt = try fields.modifiedAt(row)
    modifiedBy = try fields.modifiedBy(row)
  }
}

// MARK: JSON

extension RestrictedPatient {
  /// The row itself (docs/contract/restricted-patients.md §7.4): ten properties, nulls written.
  enum Shape: ObjectShape {
    typealias Value = RestrictedPatient
    static let name: String? = "RestrictedPatient"

    static func declare(_ json: inout some ObjectDescriber<RestrictedPatient>) {
      json.record { $0 }
    }
  }
}

// Properties that stand in several shapes.
extension ObjectDescriber {
  /// The row itself: ten properties, nulls written.
  mutating func record(_ row: (Value) -> RestrictedPatient) {
    text("prisonerNumber", .prisonerNumber) { row($0).prisonerNumber }
    text("fromLocationId", .prison) { row($0).fromLocationID }
    text("hospitalLocationCode", .hospital) { row($0).hospitalLocationCode }
    text("supportingPrisonId", .prison) { row($0).supportingPrisonID }
    localTime("dischargeTime", .londonTime("When the prisoner went to hospital")) { row($0).dischargeTime }
    optionalText("commentText") { row($0).commentText }
    optionalLocalTime("createDateTime", .londonTime("When the record was created")) { row($0).createdAt }
    optionalText("createUserId") { row($0).createdBy }
    optionalLocalTime("modifyDateTime", .londonTime("When the record was last changed")) {
      row($0).modifiedAt
    }
    optionalText("modifyUserId") { row($0).modifiedBy }
  }
}
