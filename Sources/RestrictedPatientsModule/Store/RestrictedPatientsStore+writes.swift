import ModuleKit
import Postgres
import ServiceKit
internal import Time

/// What changes the rows of patients, within a unit of work.
extension RestrictedPatientsStore {
  private static let insert = PostgresStatement(
    name: "restricted_patient_insert",
    sql: """
      insert into restricted_patients (\(table.all))
      select * from (values (\(table.placeholders(from: 1)))) patient
      where exists (
        select from restricted_patients_attempt
        where id = $\(table.columns.count + 1)::bigint and unknown_because is null)
      on conflict (prisoner_number) do nothing
      """
  )

  private static let insertUnlessIntended = PostgresStatement(
    name: "restricted_patient_insert_unless_intended",
    sql: """
      insert into restricted_patients (\(table.all))
      select * from (values (\(table.placeholders(from: 1)))) patient
      where not exists (
        select from restricted_patients_attempt
        where prisoner_number = $1 and operation = 'ADD' and unknown_because is null and expires_at > now())
      on conflict (prisoner_number) do nothing
      """
  )

  /// Whether the discharge is after the reception, and not of the future, where it can only be a mistake.
  private static let isAfterReception = """
    ((discharge_time > $5::text::timestamp or discharge_time > $6::timestamptz at time zone 'Europe/London')
      and discharge_time <= $2::text::timestamp) is true
    """

  /// Whether the row is gone, and whether it is kept for a reception's sake.
  private static let archive = PostgresStatement(
    name: "restricted_patient_archive",
    sql: """
      with gone as (
        delete from restricted_patients
        where prisoner_number = $1 and not \(isAfterReception)
          and ($7::bigint is null or exists (
            select from restricted_patients_attempt where id = $7::bigint and unknown_because is null))
        returning *
      ), archived as (
        insert into restricted_patients_archive (\(table.all), \(ArchivedPatient.record.table.all))
        select \(table.all), $2::text::timestamp, $3::text, $4::text
        from gone
      )
      select exists (select from gone),
        exists (select from restricted_patients where prisoner_number = $1 and \(isAfterReception))
      """
  )

  private static let changePrison = PostgresStatement(
    name: "restricted_patient_change_prison",
    sql: """
      update restricted_patients
      set supporting_prison_id = $2, modify_datetime = $3::text::timestamp, modify_user_id = $4
      where prisoner_number = $1 and supporting_prison_id <> $2
      returning \(table.selected)
      """
  )

  private static let rename = PostgresStatement(
    name: "restricted_patient_rename",
    sql: """
      update restricted_patients
      set prisoner_number = $2, modify_datetime = $3::text::timestamp, modify_user_id = $4
      where prisoner_number = $1
      """
  )

  /// Inserts a row, for a change whose own row keeps others out still: if that has gone, the change was recorded, and what
  /// became of the record since then is another's.
  /// - Returns: false if there is one already, or the change's row keeps nobody out.
  func insert(
    _ patient: RestrictedPatient,
    of change: ExternalChangeRow,
    in unit: UnitOfWork
  ) async throws -> Bool {
    try await unit.query(Self.insert, Self.table.inserted(patient) + [.int8(change.id)]).affectedRows == 1
  }

  /// Inserts a row, unless an addition of the same prisoner is intended.
  /// - Returns: false if there is one already, or an addition is intended.
  func insertUnlessIntended(_ patient: RestrictedPatient, in unit: UnitOfWork) async throws -> Bool {
    try await unit.query(Self.insertUnlessIntended, Self.table.inserted(patient)).affectedRows == 1
  }

  /// Moves a row to the archive.
  /// - Parameter change: whose own row must keep others out still; nil for none.
  /// - Returns: whether there was such a row.
  func archive(
    _ number: String,
    _ removal: RemovalRecord,
    of change: ExternalChangeRow? = nil,
    in unit: UnitOfWork
  ) async throws -> Bool {
    try await unit.query(Self.archive, Self.parameters(number, removal, .unknown, change)).first?.bool(0)
      ?? false
  }

  /// Moves a row to the archive, unless it is of a discharge after the reception that ends the stay in hospital.
  func archive(
    _ number: String,
    _ removal: RemovalRecord,
    after reception: ReceptionTime,
    in unit: UnitOfWork
  ) async throws -> ReceptionOutcome {
    let rows = try await unit.query(Self.archive, Self.parameters(number, removal, reception, nil))
    guard let row = rows.first else { return .absent }
    if try row.bool(0) { return .removed }
    return try row.bool(1) ? .kept : .absent
  }

  /// Queues the same for a row that is known to be there.
  func enqueueArchive(_ number: String, _ removal: RemovalRecord, in unit: UnitOfWork) throws {
    try unit.enqueue(Self.archive, Self.parameters(number, removal, .unknown, nil))
  }

  private static func parameters(
    _ number: String,
    _ removal: RemovalRecord,
    _ reception: ReceptionTime,
    _ change: ExternalChangeRow?
  ) -> [PostgresValue] {
    var (local, instant): (String?, Timestamp?) = (nil, nil)
    switch reception {
    case .unknown: break
    case .local(let time): local = time.storedText
    case .instant(let time): instant = time
    }
    return [
      .text(number), .text(removal.at.storedText), .optional(removal.by), .text(removal.cause.rawValue),
      .optional(local), .optional(instant), .optional(change?.id),
    ]
  }

  /// Gives a patient another supporting prison.
  /// - Returns: the row as it is now; nil if there is none, or it has that prison.
  func changeSupportingPrison(
    of number: String,
    to prison: String,
    by user: String,
    at now: LocalDateTime,
    in unit: UnitOfWork
  ) async throws -> RestrictedPatient? {
    try await unit.query(
      Self.changePrison,
      [.text(number), .text(prison), .text(now.storedText), .text(user)]
    ).first.map { try patient($0) }
  }

  /// Queues that a row gets another number.
  func enqueueRename(
    _ number: String,
    to other: String,
    by user: String,
    at now: LocalDateTime,
    in unit: UnitOfWork
  ) throws {
    try unit.enqueue(Self.rename, [.text(number), .text(other), .text(now.storedText), .text(user)])
  }
}
