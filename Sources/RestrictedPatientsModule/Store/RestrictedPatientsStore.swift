import ModuleKit
import Postgres
import ServiceKit
internal import Time

/// Reads and writes the table `restricted_patients` (docs/contract/restricted-patients.md §5) and what stands around it.
///
/// Times of the table have no zone. They are written as texts, so that no session's time zone can touch them, and read
/// in their binary form, which has none.
struct RestrictedPatientsStore: Sendable {
  let database: PostgresDatabase
  let misfits: MisfitValues

  static let table = RestrictedPatient.record.table
  private let fields = RestrictedPatient.record.fields
  private let archiveFields = ArchivedPatient.record.fields

  init(database: PostgresDatabase, misfits: MisfitValues) {
    self.database = database
    self.misfits = misfits
  }

  static let byNumber = PostgresStatement(
    name: "restricted_patient_by_number",
    sql: "select \(table.selected) from restricted_patients where prisoner_number = $1"
  )

  private static let allNumbers = PostgresStatement(
    name: "restricted_patient_numbers",
    sql: "select prisoner_number from restricted_patients order by prisoner_number"
  )

  func find(_ number: String, deadline: MonotonicInstant) async throws -> RestrictedPatient? {
    try await database.query(Self.byNumber, [.text(number)], deadline: deadline).first.map { try patient($0) }
  }

  /// As it stands in the unit of work.
  func find(_ number: String, in unit: UnitOfWork) async throws -> RestrictedPatient? {
    try await unit.query(Self.byNumber, [.text(number)]).first.map { try patient($0) }
  }

  /// The numbers of all patients, in their order.
  func numbers(deadline: MonotonicInstant) async throws -> [String] {
    try await database.query(Self.allNumbers, deadline: deadline).map { try $0.text(0) }
  }

  // MARK: Rows

  /// A row that begins with the columns of a patient.
  func patient(_ row: PostgresRow, from start: Int = 0) throws -> RestrictedPatient {
    try RestrictedPatient(row, from: start, fields, misfits)
  }

  /// A row of `ArchivedPatient.columns`.
  func archivedPatient(_ row: PostgresRow) throws -> ArchivedPatient {
    try ArchivedPatient(row, fields, archiveFields, misfits)
  }

  /// The patient of an outer join; nil where it found none.
  func joinedPatient(_ row: PostgresRow, from start: Int) throws -> RestrictedPatient? {
    try row.isNull(start) ? nil : try patient(row, from: start)
  }
}
