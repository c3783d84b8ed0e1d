import Events
import Postgres
import ServiceKit
internal import Time

/// Reads and writes the table `restricted_patients` (`restricted-patients.md` §5) and what stands around it.
///
/// Times of the table have no zone. They are written as texts, so that no session's time zone can touch them, and read
/// in their binary form, which has none.
struct RestrictedPatientsStore: Sendable {
  let database: PostgresDatabase
  let outbox: any Outbox
  let misfits: MisfitValues

  /// The columns that `RestrictedPatient.init(_:)` reads, in its order.
  static let columns = """
    prisoner_number, from_location_id, hospital_location_code, supporting_prison_id, discharge_time, comment_text, \
    create_datetime, create_user_id, modify_datetime, modify_user_id
    """

  static let byNumber = PostgresStatement(
    name: "restricted_patient_by_number",
    sql: "select \(columns) from restricted_patients where prisoner_number = $1"
  )

  static let allNumbers = PostgresStatement(
    name: "restricted_patient_numbers",
    sql: "select prisoner_number from restricted_patients order by prisoner_number"
  )

  func find(_ number: String, deadline: MonotonicInstant) async throws -> RestrictedPatient? {
    try await database.query(Self.byNumber, [.text(number)], deadline: deadline).first
      .map { try RestrictedPatient($0, misfits) }
  }

  /// The numbers of all patients, in their order.
  func numbers(deadline: MonotonicInstant) async throws -> [String] {
    try await database.query(Self.allNumbers, deadline: deadline).map { try $0.text(0) }
  }

  // MARK: Within a transaction

  func find(
    _ number: String,
    in transaction: PostgresTransaction
  ) async throws -> RestrictedPatient? {
    try await transaction.query(Self.byNumber, [.text(number)]).first
      .map { try RestrictedPatient($0, misfits) }
  }
}

/// The database's refusal to return the row that it has written.
enum StoreError: Error, Equatable {
  case noRowReturned
}

extension RestrictedPatient {
  /// Columns in the order of the store's select list.
  init(
    _ row: PostgresRow,
    of table: StaticString = "restricted_patients",
    key: LenientRow.Key = .prisoner(0),
    _ misfits: MisfitValues
  ) throws {
    let row = LenientRow(row, of: table, key: key, misfits: misfits)
    self.init(
      prisonerNumber: try row.text(0),
      fromLocationID: try row.text(1),
      hospitalLocationCode: try row.text(2),
      supportingPrisonID: try row.text(3),
      dischargeTime: try row.local(4),
      commentText: try row.optionalText(5),
      createdAt: try row.local(6),
      createdBy: try row.optionalText(7),
      modifiedAt: try row.optionalLocal(8),
      modifiedBy: try row.optionalText(9)
    )
  }
}
