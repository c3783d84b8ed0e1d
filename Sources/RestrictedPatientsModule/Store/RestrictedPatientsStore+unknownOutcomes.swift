import ModuleKit
import Postgres
import ServiceKit
internal import Text
internal import Time

/// The rows of external changes whose outcome is unknown, and of those that were settled since. `settled_at` and what explains
/// it are newer than the other columns: a program that does not know them settles by the record alone, and takes what a
/// person has settled for unknown still.
extension RestrictedPatientsStore {
  /// On London's clocks. Of the first times that PostgreSQL has, there is none, which is an error and no answer.
  private static let startedAt =
    "greatest(a.started_at, timestamptz '4700-01-01 00:00:00+00 BC') at time zone 'Europe/London'"

  /// Whether nothing has settled the unknown outcome of the row `a`: nobody has said so, and the record is not, and has not
  /// been, where the change would have put it. A program that knows no `settled_at` settles by the record alone.
  static let isOutstanding = """
    a.settled_at is null and case a.operation
      when 'ADD' then not exists (
        select from restricted_patients r where r.prisoner_number = a.prisoner_number)
        and not exists (
          select from restricted_patients_archive r
          where r.prisoner_number = a.prisoner_number and r.removed_datetime >= \(startedAt))
      else exists (
        select from restricted_patients r
        where r.prisoner_number = a.prisoner_number and r.create_datetime <= \(startedAt))
    end
    """

  private static let settle = PostgresStatement(
    name: "restricted_patient_attempt_settle",
    sql: """
      update restricted_patients_attempt
      set unknown_because = coalesce(unknown_because, '\(UnknownOutcome.processEnded)'),
        settled_at = now(), settled_because = $3, settled_by = $4
      where prisoner_number = $1 and operation = $2 and settled_at is null
        and (unknown_because is not null or expires_at <= now())
      """
  )

  private static let settleOne = PostgresStatement(
    name: "restricted_patient_attempt_settle_one",
    sql: """
      with settled as (
        update restricted_patients_attempt
        set unknown_because = 'the record was where it should be before the answer', settled_at = now(),
          settled_because = $2, settled_by = $3
        where id = $1 and unknown_because is null
        returning id
      )
      select exists (select from settled) or exists (
          select from restricted_patients_attempt where id = $1 and settled_at is not null),
        exists (select from restricted_patients_attempt where id = $1)
      """
  )

  private static let lockUnknown = PostgresStatement(
    name: "restricted_patient_attempt_lock_unknown",
    sql: """
      select a.operation from restricted_patients_attempt a
      where a.prisoner_number = $1 and (a.unknown_because is not null or a.expires_at <= now())
        and \(isOutstanding)
      order by a.id for update
      """
  )

  private static let unknownOutcomes = PostgresStatement(
    name: "restricted_patient_unknown_outcomes",
    sql: """
      select prisoner_number, operation, requested_by, started_at,
        coalesce(unknown_because, '\(UnknownOutcome.processEnded)'), id
      from restricted_patients_attempt a
      where (unknown_because is not null or expires_at <= now()) and \(isOutstanding)
      order by started_at desc, id desc limit 500
      """
  )

  // MARK: Settling

  /// What a row is found to be when its change is to be settled.
  enum SettledRow: Equatable, Sendable {
    case settled
    /// There is none.
    case gone
    /// Its time has passed, and others have taken it for one of unknown outcome.
    case unknown
  }

  /// Keeps the row as that of a change that something else has made.
  func settle(
    _ change: ExternalChangeRow,
    by settlement: ExternalChangeSettlement,
    in unit: UnitOfWork
  ) async throws -> SettledRow {
    let (cause, user) = Self.columns(settlement)
    guard let row = try await unit.query(Self.settleOne, [.int8(change.id), cause, user]).first else {
      throw StoreError.noRowReturned
    }
    return try row.bool(0) ? .settled : try row.bool(1) ? .unknown : .gone
  }

  /// Queues that the changes of a prisoner whose outcome is unknown are settled.
  func enqueueSettlement(
    _ operation: ExternalChangeOperation,
    of number: String,
    by settlement: ExternalChangeSettlement,
    in unit: UnitOfWork
  ) throws {
    let (cause, user) = Self.columns(settlement)
    try unit.enqueue(Self.settle, [.text(number), .text(operation.rawValue), cause, user])
  }

  private static func columns(_ settlement: ExternalChangeSettlement) -> (PostgresValue, PostgresValue) {
    switch settlement {
    case .event: (.text("EVENT"), .null)
    case .upstream(let user): (.text("UPSTREAM"), .optional(user))
    case .person(let user): (.text("PERSON"), .text(user))
    }
  }

  // MARK: Unknown outcomes

  /// Locks the changes of a prisoner whose outcome is unknown and that nothing has settled since.
  /// - Returns: what each would have done, without repetition.
  func lockUnknown(of number: String, in unit: UnitOfWork) async throws -> [ExternalChangeOperation] {
    let rows = try await unit.query(Self.lockUnknown, [.text(number)])
    let operations = Set(try rows.compactMap { ExternalChangeOperation(code: try $0.text(0)) })
    return ExternalChangeOperation.allCases.filter(operations.contains)
  }

  /// Changes whose outcome is unknown and that nothing has settled since, newest first, at most 500.
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
}
