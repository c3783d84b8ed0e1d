import ModuleKit
import Postgres
import ServiceKit
internal import Text
internal import Time

/// What stands in the database as an external change begins.
struct IntendedChange: Sendable {
  /// The change's row; nil if somebody else's is there.
  var row: ExternalChangeRow?
  var patient: RestrictedPatient?
  /// Whether nobody knows the outcome of a change of the same kind that was tried before.
  var hasUnknown: Bool
  /// A row whose time has passed, and whose outcome is unknown from now on.
  var expired: ExternalChangeRow?
}

/// What is known of an external change before prison API is told of it. The row keeps everybody else from making the same,
/// with no connection held, and shows a person that the two may disagree if it is left over.
struct ExternalChangeRow: Equatable, Sendable {
  var id: Int64
  var prisonerNumber: String
  var operation: ExternalChangeOperation
}

/// The rows of external changes. One without `unknown_because` is intended or told, until `expires_at`; one with it is
/// unknown, and with `settled_at` as well, settled.
extension RestrictedPatientsStore {
  /// A row past its time belongs to a process that has ended.
  static let expire = PostgresStatement(
    name: "restricted_patient_attempt_expire",
    sql: """
      update restricted_patients_attempt set unknown_because = '\(UnknownOutcome.processEnded)'
      where prisoner_number = $1 and unknown_because is null and expires_at <= now()
      """
  )

  private static let begin = PostgresStatement(
    name: "restricted_patient_attempt_begin",
    sql: """
      insert into restricted_patients_attempt (prisoner_number, operation, requested_by, expires_at)
      values ($1, $2, $3, now() + $4 * interval '1 millisecond')
      on conflict (prisoner_number) where unknown_because is null do nothing
      """
  )

  /// Whether the row is ours is told by its number: of a row that was not inserted the number was taken as well. A row that
  /// has expired is one that this transaction has changed.
  private static let begun = PostgresStatement(
    name: "restricted_patient_attempt_begun",
    sql: """
      select b.id, exists (
          select from restricted_patients_attempt a
          where a.prisoner_number = n.number and a.operation = $2 and a.unknown_because is not null
            and \(isOutstanding)),
        e.id, e.operation, \(table.selected(of: "p"))
      from (select $1::text) n (number)
        left join restricted_patients_attempt b
          on b.id = (select currval('restricted_patients_attempt_id_seq'))
        left join restricted_patients_attempt e
          on e.prisoner_number = n.number and e.unknown_because is not null
            and e.xmin = pg_current_xact_id()::xid
        left join restricted_patients p on p.prisoner_number = n.number
      """
  )

  private static let end = PostgresStatement(
    name: "restricted_patient_attempt_end",
    sql: "delete from restricted_patients_attempt where id = $1"
  )

  private static let markUnknown = PostgresStatement(
    name: "restricted_patient_attempt_unknown",
    sql: "update restricted_patients_attempt set unknown_because = $2 where id = $1"
  )

  /// Writes the row of a change, and reads what it is about: a record that was made while this waited for another's row is
  /// seen.
  /// - Parameter lifetime: longer than the change can take; afterwards another may try.
  func intend(
    _ operation: ExternalChangeOperation,
    of number: String,
    by user: String?,
    lifetime: Duration,
    in unit: UnitOfWork
  ) async throws -> IntendedChange {
    try unit.enqueue(Self.expire, [.text(number)])
    try unit.enqueue(
      Self.begin,
      [
        .text(number), .text(operation.rawValue), .optional(user),
        .int8(Int64(clamping: lifetime.wholeNanoseconds / 1_000_000)),
      ]
    )
    let rows = try await unit.query(Self.begun, [.text(number), .text(operation.rawValue)])
    guard let row = rows.first else { throw StoreError.noRowReturned }
    return IntendedChange(
      row: try row.optionalInt64(0).map {
        ExternalChangeRow(id: $0, prisonerNumber: number, operation: operation)
      },
      patient: try joinedPatient(row, from: 4),
      hasUnknown: try row.bool(1),
      expired: try Self.expired(row, number)
    )
  }

  private static func expired(_ row: PostgresRow, _ number: String) throws -> ExternalChangeRow? {
    guard let id = try row.optionalInt64(2),
      let operation = try row.optionalText(3).flatMap({ ExternalChangeOperation(code: $0) })
    else { return nil }
    return ExternalChangeRow(id: id, prisonerNumber: number, operation: operation)
  }

  /// Queues that the row goes: the change is made, or known not to be.
  func enqueueEnd(of change: ExternalChangeRow, in unit: UnitOfWork) throws {
    try unit.enqueue(Self.end, [.int8(change.id)])
  }

  /// Queues that the row stays, for a person to see.
  func enqueueUnknown(_ change: ExternalChangeRow, because reason: String, in unit: UnitOfWork) throws {
    try unit.enqueue(Self.markUnknown, [.int8(change.id), .text(reason)])
  }
}
