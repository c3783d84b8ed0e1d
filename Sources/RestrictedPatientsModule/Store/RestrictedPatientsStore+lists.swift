import Postgres
import ServiceKit
internal import Time

extension RestrictedPatientsStore {
  private static let matching = """
    ($1::text is null or supporting_prison_id = $1) and ($2::text is null or hospital_location_code = $2)
    and ($3::text is null or discharge_time >= $3::text::date)
    and ($4::text is null or discharge_time < $4::text::date + 1)
    """

  private static let countMatching = PostgresStatement(
    name: "restricted_patient_count",
    sql: "select count(*) from restricted_patients where \(matching)"
  )

  static let page = PostgresStatement(
    name: "restricted_patient_page",
    sql: """
      select \(table.selected) from restricted_patients where \(matching)
      order by prisoner_number limit $5 offset $6
      """
  )

  static let archiveByNumber = PostgresStatement(
    name: "restricted_patient_archive_by_number",
    sql: """
      select \(ArchivedPatient.columns) from restricted_patients_archive where prisoner_number = $1 order by id desc
      """
  )

  /// A page of patients by number, and how many there are on all pages.
  func page(
    _ query: PageRequest,
    deadline: MonotonicInstant
  ) async throws -> (patients: [RestrictedPatient], total: Int64) {
    let filter: [PostgresValue] = [
      .optional(query.supportingPrisonID), .optional(query.hospitalLocationCode),
      .optional(query.dischargedFrom), .optional(query.dischargedTo),
    ]
    let total = try await database.query(Self.countMatching, filter, deadline: deadline).first?.int64(0) ?? 0
    let rows = try await database.query(
      Self.page,
      filter + [.int8(query.size), .int8(query.page * query.size)],
      deadline: deadline
    )
    return (try rows.map { try patient($0) }, total)
  }

  /// Removed records of a prisoner, the latest first.
  func archived(_ number: String, deadline: MonotonicInstant) async throws -> [ArchivedPatient] {
    try await database.query(Self.archiveByNumber, [.text(number)], deadline: deadline).map {
      try archivedPatient($0)
    }
  }
}
