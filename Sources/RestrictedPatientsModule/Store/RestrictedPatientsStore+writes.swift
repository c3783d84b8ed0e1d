import Events
import Postgres
import ServiceKit
internal import Time

/// What changes rows. Each change and its domain event are one transaction.
extension RestrictedPatientsStore {
  private static let insert = PostgresStatement(
    name: "restricted_patient_insert",
    sql: """
      insert into restricted_patients (
        prisoner_number, from_location_id, hospital_location_code, supporting_prison_id, discharge_time,
        comment_text, create_datetime, create_user_id, modify_datetime, modify_user_id)
      values ($1, $2, $3, $4, $5::text::timestamp, $6, $7::text::timestamp, $8, $9::text::timestamp, $10)
      on conflict (prisoner_number) do nothing
      """
  )

  private static let archive = PostgresStatement(
    name: "restricted_patient_archive",
    sql: """
      with gone as (
        delete from restricted_patients
        where prisoner_number = $1
          and ($5::text is null or discharge_time <= $5::text::timestamp)
          and ($6::timestamptz is null or discharge_time <= $6::timestamptz at time zone 'Europe/London')
        returning *
      ), archived as (
        insert into restricted_patients_archive (
          prisoner_number, from_location_id, hospital_location_code, supporting_prison_id, discharge_time,
          comment_text, create_user_id, create_datetime, modify_datetime, modify_user_id, removed_datetime,
          removed_user_id, removed_because)
        select prisoner_number, from_location_id, hospital_location_code, supporting_prison_id, discharge_time,
          comment_text, create_user_id, create_datetime, modify_datetime, modify_user_id, $2::text::timestamp,
          $3::text, $4::text
        from gone
      )
      select \(columns) from gone
      """
  )

  private static let changePrison = PostgresStatement(
    name: "restricted_patient_change_prison",
    sql: """
      update restricted_patients
      set supporting_prison_id = $2, modify_datetime = $3::text::timestamp, modify_user_id = $4
      where prisoner_number = $1 and supporting_prison_id <> $2
      returning \(columns)
      """
  )

  /// Inserts a row.
  /// - Returns: false if there is one already.
  static func insert(_ patient: RestrictedPatient, in transaction: PostgresTransaction) async throws -> Bool {
    try await transaction.execute(
      insert,
      [
        .text(patient.prisonerNumber), .text(patient.fromLocationID), .text(patient.hospitalLocationCode),
        .text(patient.supportingPrisonID), .text(patient.dischargeTime.stored),
        .optional(patient.commentText),
        .text(patient.createdAt.stored), .optional(patient.createdBy), .optional(patient.modifiedAt?.stored),
        .optional(patient.modifiedBy),
      ]
    ) == 1
  }

  /// A moment that a row's discharge must not be later than, for it to be removed.
  enum Limit: Equatable, Sendable {
    case none
    /// On London's clocks.
    case local(LocalDateTime)
    case instant(Timestamp)
  }

  /// Moves a row to the archive.
  /// - Returns: the row; nil if there is none, or it is later than `limit`.
  func archive(
    _ number: String,
    _ removal: Removal,
    limit: Limit = .none,
    in transaction: PostgresTransaction
  ) async throws -> RestrictedPatient? {
    var (local, instant): (String?, Timestamp?) = (nil, nil)
    switch limit {
    case .none: break
    case .local(let time): local = time.stored
    case .instant(let time): instant = time
    }
    return try await transaction.query(
      Self.archive,
      [
        .text(number), .text(removal.at.stored), .optional(removal.by), .text(removal.cause.rawValue),
        .optional(local), .optional(instant),
      ]
    ).first.map { try RestrictedPatient($0, misfits) }
  }

  /// When, by whom and why rows are removed.
  struct Removal: Sendable {
    var at: LocalDateTime
    var by: String?
    var cause: ArchivedPatient.Cause
  }

  /// Gives a patient another supporting prison.
  /// - Returns: the row as it is now.
  /// - Throws: `RestrictedPatientsError.notFound` without a row, the rule `PRISON_UNCHANGED` if it has that prison.
  func changeSupportingPrison(
    of number: String,
    to prison: String,
    by user: String,
    at now: LocalDateTime,
    event: DomainEvent,
    deadline: MonotonicInstant
  ) async throws -> RestrictedPatient {
    try await database.withTransaction(deadline: deadline) { transaction in
      let rows = try await transaction.query(
        Self.changePrison,
        [.text(number), .text(prison), .text(now.stored), .text(user)]
      )
      guard let row = rows.first else {
        let exists = try await find(number, in: transaction) != nil
        throw exists
          ? RestrictedPatientsError.rule(.prisonUnchanged(number, prison)) : .notFound(number)
      }
      let patient = try RestrictedPatient(row, misfits)
      try await outbox.append(event, nil, in: transaction)
      return patient
    }
  }

  /// Removes a row that an event says is over.
  /// - Returns: the row; nil if there is none, or it is later than `limit`.
  func removeIfPresent(
    _ number: String,
    _ removal: Removal,
    limit: Limit,
    event: DomainEvent,
    deadline: MonotonicInstant
  ) async throws -> RestrictedPatient? {
    try await database.withTransaction(deadline: deadline) { transaction in
      guard
        let patient = try await archive(number, removal, limit: limit, in: transaction)
      else { return nil }
      try await outbox.append(event, nil, in: transaction)
      return patient
    }
  }

  /// Inserts a row that an event tells of.
  /// - Returns: false if there is one already.
  /// - Throws: `RestrictedPatientsError.underWay` while a request of ours is adding the prisoner: the event is the
  ///   echo of its call, and the request will tell of the patient itself.
  func insertIfAbsent(
    _ patient: RestrictedPatient,
    event: DomainEvent,
    deadline: MonotonicInstant
  ) async throws -> Bool {
    try await database.withTransaction(deadline: deadline) { transaction in
      if try await Self.isUnderWay(patient.prisonerNumber, in: transaction) {
        throw RestrictedPatientsError.underWay(patient.prisonerNumber)
      }
      guard try await Self.insert(patient, in: transaction) else { return false }
      try await outbox.append(event, nil, in: transaction)
      return true
    }
  }
}
