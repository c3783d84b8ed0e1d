import Events
import Postgres
import ServiceKit
internal import Time

/// An addition or removal that is about to change prison API: it is written down before the call and struck out in the
/// transaction that makes the change here, so that no connection is held in between, no other request does the same
/// meanwhile, and whatever is left over shows a person that the two may disagree.
struct Attempt: Equatable, Sendable {
  enum Operation: String, Sendable {
    case add = "ADD"
    case remove = "REMOVE"
  }

  var id: Int64
  var prisonerNumber: String
}

/// An attempt of which nobody knows whether prison API did it.
struct UnknownOutcome: Equatable, Sendable {
  var prisonerNumber: String
  var operation: StoredCode<Attempt.Operation>
  var requestedBy: String?
  var startedAt: Timestamp
  var reason: String
}

extension RestrictedPatientsStore {
  private static let beginAttempt = PostgresStatement(
    name: "restricted_patient_attempt_begin",
    sql: """
      insert into restricted_patients_attempt (prisoner_number, operation, requested_by, expires_at)
      values ($1, $2, $3, now() + $4 * interval '1 millisecond')
      on conflict (prisoner_number) where unknown_because is null do nothing
      returning id
      """
  )

  /// An attempt past its time belongs to a process that has ended.
  private static let expireAttempt = PostgresStatement(
    name: "restricted_patient_attempt_expire",
    sql: """
      update restricted_patients_attempt set unknown_because = 'the gateway stopped before the answer came'
      where prisoner_number = $1 and unknown_because is null and expires_at <= now()
      """
  )

  private static let endAttempt = PostgresStatement(
    name: "restricted_patient_attempt_end",
    sql: "delete from restricted_patients_attempt where id = $1"
  )

  private static let keepAttempt = PostgresStatement(
    name: "restricted_patient_attempt_unknown",
    sql: "update restricted_patients_attempt set unknown_because = $2 where id = $1"
  )

  /// On London's clocks. Of the first times that PostgreSQL has, there is none, which is an error and no answer.
  private static let startedAt =
    "greatest(started_at, timestamptz '4700-01-01 00:00:00+00 BC') at time zone 'Europe/London'"

  private static let hadUnknownRemoval = PostgresStatement(
    name: "restricted_patient_attempt_unknown_removal",
    sql: """
      select exists (
        select from restricted_patients_attempt
        where prisoner_number = $1 and operation = 'REMOVE' and unknown_because is not null
          and \(startedAt) >= (
            select create_datetime from restricted_patients where prisoner_number = $1))
      """
  )

  private static let underWay = PostgresStatement(
    name: "restricted_patient_attempt_under_way",
    sql: """
      select exists (
        select from restricted_patients_attempt
        where prisoner_number = $1 and operation = 'ADD' and unknown_because is null and expires_at > now())
      """
  )

  /// An attempt is settled once the record is, or has been, where it would have put it.
  private static let unknownOutcomes = PostgresStatement(
    name: "restricted_patient_unknown_outcomes",
    sql: """
      select prisoner_number, operation, requested_by, started_at,
        coalesce(unknown_because, 'the gateway stopped before the answer came'), id
      from restricted_patients_attempt a
      where (unknown_because is not null or expires_at <= now())
        and case operation
          when 'ADD' then not exists (
            select from restricted_patients p where p.prisoner_number = a.prisoner_number)
            and not exists (
              select from restricted_patients_archive r
              where r.prisoner_number = a.prisoner_number
                and r.removed_datetime >= \(startedAt))
          else exists (
            select from restricted_patients p
            where p.prisoner_number = a.prisoner_number
              and p.create_datetime <= \(startedAt))
        end
      order by started_at desc, id desc limit 500
      """
  )

  /// Begins to add a prisoner.
  /// - Parameter lifetime: longer than the attempt can take; afterwards another may try.
  /// - Throws: the rule `EXISTING_PATIENT` if there is a record, or somebody else is making one.
  func beginAddition(
    _ number: String,
    by user: String?,
    lifetime: Duration,
    deadline: MonotonicInstant
  ) async throws -> Attempt {
    try await database.withTransaction(deadline: deadline) { transaction in
      guard let attempt = try await Self.begin(.add, number, user, lifetime, transaction),
        // In this order: a record that was made in between is seen by the second statement.
        try await find(number, in: transaction) == nil
      else { throw RestrictedPatientsError.existingPatient(number) }
      return attempt
    }
  }

  /// Begins to remove a patient.
  /// - Returns: the attempt, the record, and whether an earlier attempt at its removal may have had an effect.
  /// - Throws: `RestrictedPatientsError.notFound` without a record, `underWay` if somebody else is at it.
  func beginRemoval(
    _ number: String,
    by user: String?,
    lifetime: Duration,
    deadline: MonotonicInstant
  ) async throws -> (attempt: Attempt, patient: RestrictedPatient, mayBeDone: Bool) {
    try await database.withTransaction(deadline: deadline) { transaction in
      let attempt = try await Self.begin(.remove, number, user, lifetime, transaction)
      guard let patient = try await find(number, in: transaction) else {
        throw RestrictedPatientsError.notFound(number)
      }
      guard let attempt else { throw RestrictedPatientsError.underWay(number) }
      let rows = try await transaction.query(
        Self.hadUnknownRemoval,
        [.text(number)]
      )
      return (attempt, patient, try rows.first?.bool(0) ?? false)
    }
  }

  /// Forgets an attempt that had no effect.
  func release(_ attempt: Attempt, deadline: MonotonicInstant) async throws {
    _ = try await database.withTransaction(deadline: deadline) { transaction in
      try await transaction.execute(Self.endAttempt, [.int8(attempt.id)])
    }
  }

  /// Keeps an attempt whose effect is unknown, for a person to see.
  func keepAsUnknown(_ attempt: Attempt, because reason: String, deadline: MonotonicInstant) async throws {
    _ = try await database.withTransaction(deadline: deadline) { transaction in
      try await transaction.execute(Self.keepAttempt, [.int8(attempt.id), .text(reason)])
    }
  }

  /// Attempts whose effect is unknown and that nothing has settled since, newest first, at most 500.
  func unknownOutcomes(deadline: MonotonicInstant) async throws -> [UnknownOutcome] {
    try await database.query(Self.unknownOutcomes, deadline: deadline).map { row in
      let row = LenientRow(row, of: "restricted_patients_attempt", key: .id(5), misfits: misfits)
      return UnknownOutcome(
        prisonerNumber: try row.text(0),
        operation: try row.code(1),
        requestedBy: try row.optionalText(2),
        startedAt: try row.instant(3),
        reason: try row.text(4)
      )
    }
  }

  // MARK: Making the change that prison API has made

  /// Inserts the patient of an attempt.
  /// - Parameter isRepeated: whether the same was tried before and may have been committed.
  /// - Throws: the rule `EXISTING_PATIENT` if an event or another request was faster.
  func complete(
    _ attempt: Attempt,
    adding patient: RestrictedPatient,
    event: DomainEvent,
    isRepeated: Bool,
    deadline: MonotonicInstant
  ) async throws {
    try await database.withTransaction(deadline: deadline) { transaction in
      let isOpen = try await transaction.execute(Self.endAttempt, [.int8(attempt.id)]) == 1
      guard try await Self.insert(patient, in: transaction) else {
        if isRepeated, !isOpen { return }
        throw RestrictedPatientsError.existingPatient(patient.prisonerNumber)
      }
      try await outbox.append(event, nil, in: transaction)
    }
  }

  /// Archives the patient of an attempt. A record that has gone meanwhile is no error: it is where it should be.
  func complete(
    _ attempt: Attempt,
    removing number: String,
    _ removal: Removal,
    event: DomainEvent,
    deadline: MonotonicInstant
  ) async throws {
    try await database.withTransaction(deadline: deadline) { transaction in
      try await transaction.execute(Self.endAttempt, [.int8(attempt.id)])
      guard try await archive(number, removal, in: transaction) != nil else { return }
      try await outbox.append(event, nil, in: transaction)
    }
  }

  static func isUnderWay(_ number: String, in transaction: PostgresTransaction) async throws -> Bool {
    try await transaction.query(underWay, [.text(number)]).first?.bool(0) ?? false
  }

  private static func begin(
    _ operation: Attempt.Operation,
    _ number: String,
    _ user: String?,
    _ lifetime: Duration,
    _ transaction: PostgresTransaction
  ) async throws -> Attempt? {
    let parameters: [PostgresValue] = [
      .text(number), .text(operation.rawValue), .optional(user),
      .int8(Int64(clamping: lifetime.wholeNanoseconds / 1_000_000)),
    ]
    for isSecond in [false, true] {
      if isSecond {
        guard try await transaction.execute(expireAttempt, [.text(number)]) == 1 else { return nil }
      }
      if let row = try await transaction.query(beginAttempt, parameters).first {
        return Attempt(id: try row.int64(0), prisonerNumber: number)
      }
    }
    return nil
  }
}
