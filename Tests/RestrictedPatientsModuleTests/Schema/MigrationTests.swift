import InMemoryLogging
import Logging
import ModuleKit
import Postgres
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("The schema (docs/contract/restricted-patients.md §5)")
struct MigrationTests {
  private static func migrator(_ logger: Logger = Logger(label: "migrations")) -> Migrator {
    Migrator(
      module: RestrictedPatientsModule.name,
      migrations: RestrictedPatientsModule.migrations,
      baseline: RestrictedPatientsModule.baseline,
      logger: logger
    )
  }

  private static func migrate(_ database: PatientsDatabase, _ migrator: Migrator) async throws
    -> [String]
  {
    try await migrator.migrate(database.database, deadline: PatientsDatabase.deadline).map(
      \.version
    )
  }

  private static func names(_ sql: String, _ database: PatientsDatabase) async throws -> [String] {
    let statement = PostgresStatement(name: "test_\(sql.hashValue)", sql: sql)
    return try await database.database.query(statement, deadline: PatientsDatabase.deadline)
      .map { try $0.text(0) }
  }

  @Test("Columns, keys and indexes are those of the service replaced, in its order")
  func schema() async throws {
    try await PatientsDatabase.run { (database) async throws in
      let columns = try await Self.names(
        """
        select column_name || ' ' || data_type || coalesce('(' || character_maximum_length || ')', '') || ' '
          || is_nullable from information_schema.columns where table_name = 'restricted_patients' order by ordinal_position
        """,
        database
      )
      #expect(
        columns == [
          "from_location_id character varying(5) NO",
          "hospital_location_code character varying(10) NO",
          "supporting_prison_id character varying(5) NO",
          "discharge_time timestamp without time zone NO",
          "comment_text character varying(240) YES", "create_user_id character varying(32) YES",
          "create_datetime timestamp without time zone NO",
          "modify_datetime timestamp without time zone YES",
          "modify_user_id character varying(32) YES",
          "prisoner_number character varying(7) NO",
        ]
      )
      #expect(
        try await Self.names(
          "select indexname::text from pg_indexes where tablename = 'restricted_patients' order by 1",
          database
        ) == [
          "restricted_patients_discharged_hospital_idx", "restricted_patients_pkey",
          "restricted_patients_prisoner_number_idx",
        ]
      )
      #expect(
        try await Self.names(
          "select obj_description('restricted_patients'::regclass)",
          database
        ) == ["Store information on prisoners currently in hospital"]
      )
    }
  }

  @Test("What stands around it refuses what the module never writes")
  func checks() async throws {
    try await PatientsDatabase.run { (database) async throws in
      for sql in [
        """
        insert into restricted_patients_archive (prisoner_number, from_location_id, hospital_location_code,
          supporting_prison_id, discharge_time, create_datetime, removed_datetime, removed_because)
        values ('A12345', 'MDI', 'HAZLWD', 'MDI', now(), now(), now(), 'FLOOD')
        """,
        """
        insert into restricted_patients_attempt (prisoner_number, operation, expires_at)
        values ('A12345', 'MOVE', now())
        """,
        """
        insert into restricted_patients_attempt (prisoner_number, operation, expires_at)
        select 'A12345', 'ADD', now() from generate_series(1, 2)
        """,
      ] { await #expect(throws: PostgresError.self, "\(sql)") { try await database.run(sql) } }
    }
  }

  @Test("A second run has nothing to do")
  func again() async throws {
    try await PatientsDatabase.run { (database) async throws in
      #expect(try await Self.migrate(database, Self.migrator()) == [])
    }
  }

  @Test(
    "A database of the service replaced is taken over with its rows, and gets what stands around them"
  )
  func takenOver() async throws {
    try await PatientsDatabase.run { (database) async throws in
      try await database.insert(try Patients.patient())
      for sql in [
        """
        drop table gateway_schema_history, restricted_patients_archive, restricted_patients_attempt,
          restricted_patients_merge, restricted_patients_job
        """,
        "create table flyway_schema_history (installed_rank int, version text, success boolean)",
        """
        insert into flyway_schema_history
        select i, i::text, true from generate_series(1, 4) i
        """,
      ] { try await database.run(sql) }
      let log = InMemoryLogHandler()
      let migrator = Self.migrator(Logger(label: "migrations") { _ in log })
      #expect(try await Self.migrate(database, migrator) == ["5.1", "5.2", "5.3", "5.4", "5.5"])
      #expect(
        log.entries.contains { "\($0.message)" == "migration recognised from Flyway's history" }
      )
      #expect(try await database.find("A12345") == (try Patients.patient()))
      let removal = RemovalRecord(at: try Patients.time("2020-10-11T00:00"), by: "U", cause: .user)
      let isGone = try await database.commit {
        try await database.store.archive("A12345", removal, in: $0)
      }
      #expect(isGone)
      #expect(try await Self.migrate(database, migrator) == [])
    }
  }

  @Test("A database that Flyway has not brought to its fourth step is refused, and stays as it was")
  func halfWay() async throws {
    try await PatientsDatabase.run { (database) async throws in
      for sql in [
        """
        drop table gateway_schema_history, restricted_patients_archive, restricted_patients_attempt,
          restricted_patients_merge, restricted_patients_job
        """,
        "create table flyway_schema_history (installed_rank int, version text, success boolean)",
        "insert into flyway_schema_history select i, i::text, true from generate_series(1, 3) i",
      ] { try await database.run(sql) }
      await #expect(throws: MigrationError.self) {
        _ = try await Self.migrate(database, Self.migrator())
      }
      #expect(
        try await Self.names(
          "select relname::text from pg_class where relname like 'restricted_patients_%' and relkind = 'r'",
          database
        ) == []
      )
    }
  }
}
