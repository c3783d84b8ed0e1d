import Postgres
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("Query plans")
struct QueryPlanTests {
  /// Statement, types and values of its parameters, and an index that it goes by.
  private static let statements: [(PostgresStatement, String, String, String)] = [
    (RestrictedPatientsStore.byNumber, "text", "'A000042'", "restricted_patients_p"),
    (RestrictedPatientsStore.detect, "text, text", "'A000042', 'A000043'", "restricted_patients_p"),
    (
      RestrictedPatientsStore.page, "text, text, text, text, bigint, bigint",
      "null, null, null, null, 20, 0", "restricted_patients_p"
    ),
    (
      RestrictedPatientsStore.archiveByNumber, "text", "'A000042'",
      "restricted_patients_archive_prisoner_number_idx"
    ),
    (RestrictedPatientsStore.expire, "text", "'A000042'", "restricted_patients_attempt_open_idx"),
    (
      RestrictedPatientsStore.lock, "text, text", "'A000042', 'B000042'",
      "restricted_patients_merge_pkey"
    ),
  ]

  @Test(
    "What a request asks of one patient, and of a page, uses the indexes, with generic plans too"
  )
  func plans() async throws {
    try await PatientsDatabase.run { (database) async throws in
      for sql in [
        """
        insert into restricted_patients (prisoner_number, from_location_id, hospital_location_code, supporting_prison_id,
          discharge_time, create_datetime)
        select 'A' || lpad(i::text, 6, '0'), 'MDI', 'HAZLWD', 'LEI', now() - i * interval '1 min', now()
        from generate_series(0, 19999) i
        """,
        """
        insert into restricted_patients_archive (prisoner_number, from_location_id, hospital_location_code,
          supporting_prison_id, discharge_time, create_datetime, removed_datetime, removed_because)
        select prisoner_number, from_location_id, hospital_location_code, supporting_prison_id, discharge_time,
          create_datetime, now(), 'USER' from restricted_patients
        """,
        """
        insert into restricted_patients_attempt (prisoner_number, operation, expires_at, unknown_because)
        select prisoner_number, 'ADD', now(), case when prisoner_number > 'A000100' then 'x' end from restricted_patients
        """,
        """
        insert into restricted_patients_merge (removed_number, kept_number, first_seen, last_seen, deliveries)
        select prisoner_number, 'B' || right(prisoner_number, 6), now(), now(), 1 from restricted_patients
        """,
        """
        analyze restricted_patients, restricted_patients_archive, restricted_patients_attempt,
          restricted_patients_merge
        """,
      ] { try await database.run(sql) }
      for (number, (statement, types, arguments, index)) in Self.statements.enumerated() {
        let plan = try await database.database.withTransaction(deadline: PatientsDatabase.deadline) {
          (transaction) async throws in
          func run(_ sql: String) async throws -> PostgresRows {
            try await transaction.query(
              PostgresStatement(name: "test", sql: sql, isPrepared: false)
            )
          }
          _ = try await run("set local plan_cache_mode = force_generic_plan")
          _ = try await run("prepare plan_\(number)(\(types)) as \(statement.sql)")
          let rows = try await run("explain execute plan_\(number)(\(arguments))")
          return try rows.map { try $0.text(0) }.joined(separator: "\n")
        }
        #expect(plan.contains(index), "\(statement.name): \(plan)")
        #expect(!plan.contains("Seq Scan"), "\(statement.name): \(plan)")
      }
    }
  }
}
