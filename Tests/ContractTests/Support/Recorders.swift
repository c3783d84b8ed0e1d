import Events
import Postgres
import ServiceKit
import Synchronization

/// Writes events into a table of the transaction it is given, so that what was not committed is not there either.
struct TableOutbox: Outbox {
  private static let create = PostgresStatement(
    name: "test_outbox_create",
    // One at a time: two sessions that make a table at once both find it missing, and one fails.
    sql: """
      do $$ begin
        if to_regclass('test_outbox') is null then
          perform pg_advisory_xact_lock(7);
          create table if not exists test_outbox (id bigserial, type text, subject text, message text);
        end if;
      end $$
      """
  )
  private static let insert = PostgresStatement(
    name: "test_outbox_insert",
    sql: "insert into test_outbox (type, subject, message) values ($1, $2, $3)"
  )

  func append(_ event: DomainEvent, _ audit: AuditMessage?, in transaction: PostgresTransaction) async throws
  {
    try await transaction.execute(Self.create)
    let message = String(decoding: event.message, as: UTF8.self)
    try await transaction.execute(
      Self.insert,
      [.text(event.eventType), .text(event.subject), .text(message)]
    )
  }
}

/// Keeps custom events.
final class RecordedTelemetry: Telemetry {
  private let state = Mutex<[TelemetryEvent]>([])

  var events: [TelemetryEvent] { state.withLock { $0 } }
  var names: [String] { events.map(\.name) }

  func track(_ event: TelemetryEvent) { state.withLock { $0.append(event) } }
}

extension TestDatabase {
  /// The events that were committed, each as type and subject.
  func events() async throws -> [String] {
    guard try await row("select to_regclass('test_outbox') is not null") == "t" else { return [] }
    return try await row("select string_agg(type || ' ' || subject, ',' order by id) from test_outbox")
      .split(separator: ",").map(String.init)
  }

  /// R(number, prison) of docs/contract/restricted-patients.md §15.
  func insertPatient(
    _ number: String,
    prison: String = "MDI",
    hospital: String = "HAZLWD",
    discharged: String = "2020-10-09T00:00",
    user: String? = "user"
  ) async throws {
    let user = user.map { "'\($0)'" } ?? "null"
    try await run(
      """
      insert into restricted_patients (prisoner_number, from_location_id, hospital_location_code, supporting_prison_id,
        discharge_time, create_user_id, create_datetime, modify_user_id, modify_datetime)
      values ('\(number)', 'MDI', '\(hospital)', '\(prison)', '\(discharged)', \(user), '2020-10-10T00:00', \(user),
        '2020-10-10T00:00')
      """
    )
  }

  /// A patient's row, as prison, hospital, supporting prison, discharge, comment, creator, and whether modified as made.
  func patient(_ number: String) async throws -> String {
    try await row(
      """
      select concat_ws('|', from_location_id, hospital_location_code, supporting_prison_id,
        to_char(discharge_time, 'YYYY-MM-DD"T"HH24:MI:SS'), coalesce(comment_text, '-'), coalesce(create_user_id, '-'),
        modify_user_id is not distinct from create_user_id and modify_datetime = create_datetime)
      from restricted_patients where prisoner_number = '\(number)'
      """
    )
  }
}
