import InMemoryLogging
import Logging
import Postgres
import Testing
import Time

@testable import NonAssociationsModule

@Suite("The schema (docs/contract/non-associations.md §8)")
struct MigrationTests {
  private static func names(_ sql: String, _ database: PostgresDatabase) async throws -> [String] {
    let statement = PostgresStatement(name: "test_\(sql.hashValue)", sql: sql)
    return try await database.query(statement, deadline: .now() + .seconds(10)).map { try $0.text(0) }
  }

  @Test("Columns, checks and indexes are those of the service replaced, and the unique open pair")
  func schema() async throws {
    try await ModuleFixture.run { module in
      let columns = try await Self.names(
        """
        select column_name || ' ' || data_type || coalesce('(' || character_maximum_length || ')', '') || ' '
          || is_nullable from information_schema.columns where table_name = 'non_association' order by ordinal_position
        """,
        module.database
      )
      #expect(
        columns == [
          "id bigint NO", "first_prisoner_number character varying(10) NO",
          "first_prisoner_role character varying(20) NO", "second_prisoner_number character varying(10) NO",
          "second_prisoner_role character varying(20) NO", "reason character varying(20) NO",
          "restriction_type character varying(20) NO", "comment text NO",
          "when_created timestamp with time zone NO", "when_updated timestamp with time zone NO",
          "authorised_by character varying(60) YES", "updated_by character varying(60) NO",
          "is_closed boolean NO",
          "closed_by character varying(60) YES", "closed_reason text YES",
          "closed_at timestamp with time zone YES",
        ]
      )
      let checks = try await Self.names(
        """
        select conname::text from pg_constraint
        where conrelid = 'non_association'::regclass and contype = 'c' order by conname
        """,
        module.database
      )
      #expect(
        checks == [
          "non_association_check", "non_association_check1", "non_association_check2",
          "non_association_comment_check", "non_association_different_people",
          "non_association_first_prisoner_number_check", "non_association_first_prisoner_role_check",
          "non_association_reason_check", "non_association_restriction_type_check",
          "non_association_second_prisoner_number_check", "non_association_second_prisoner_role_check",
        ]
      )
      let indexes = try await Self.names(
        "select indexname::text from pg_indexes where tablename = 'non_association' order by 1",
        module.database
      )
      #expect(
        indexes == [
          "non_association_closed_idx", "non_association_idx_p1p2", "non_association_idx_p2",
          "non_association_open_idx",
          "non_association_open_pair_idx", "non_association_pkey", "non_association_when_created_idx",
          "non_association_when_updated_idx",
        ]
      )
    }
  }

  @Test("A second run has nothing to do")
  func again() async throws {
    try await ModuleFixture.run { module in
      let applied = try await Migrator.nonAssociations().migrate(
        module.database,
        deadline: .now() + .seconds(60)
      )
      #expect(applied.isEmpty)
    }
  }

  @Test(
    "A database of the service replaced is taken over; rows in the way are named, and mending them is enough"
  )
  func takenOver() async throws {
    try await ModuleFixture.run { module in
      for sql in [
        "drop index non_association_open_pair_idx", "drop table gateway_schema_history",
        "drop table non_association_history, non_association_number_change",
        Self.dropCounts,
        """
        drop index non_association_open_idx, non_association_closed_idx, non_association_when_created_idx,
          non_association_when_updated_idx
        """,
        "create index non_association_idx_p1 on non_association (first_prisoner_number)",
        """
        create table flyway_schema_history (installed_rank int, version text, success boolean)
        """,
        "insert into flyway_schema_history values (1, '1.1', true), (2, '1.2', true)",
      ] { try await module.change(sql) }
      let first = try await module.store(Fixture.open(0, "A1234BC", "D5678EF"))
      try await module.store(Fixture.closed(0, "A1234BC", "D5678EF"))
      let second = try await module.store(Fixture.open(0, "D5678EF", "A1234BC"))
      let log = InMemoryLogHandler()
      let migrator = Migrator.nonAssociations(Logger(label: "migrations") { _ in log })

      let applied = try await migrator.migrate(module.database, deadline: .now() + .seconds(60))
      #expect(applied.map(\.version) == ["2.2", "2.3", "2.4", "2.5"])
      let warning = try #require(log.entries.first { $0.level == .warning })
      #expect(warning.metadata.values.contains { "\($0)".contains("\(first), \(second)") })
      #expect(try await module.status("/non-associations/\(first)", .reader) == 200)
      #expect(try await module.create("A1234BC", "D5678EF").status == 409)
      #expect(try await module.create("A1234BC", "G9012HI").status == 201)

      try await module.change("delete from non_association where id = \(second)")
      let mended = try await migrator.migrate(module.database, deadline: .now() + .seconds(60))
      #expect(mended.map(\.version) == ["2.1"])
    }
  }

  private static let dropCounts = """
    do $$ begin
      drop function non_association_count_row, non_association_count_truncated cascade;
      drop table non_association_count, non_association_count_change, non_association_count_base;
    end $$
    """

  @Test(
    "Triggers are added while somebody reads, as soon as no writer is in the way, and whatever he wrote is counted"
  )
  func triggersBesideOthers() async throws {
    try await ModuleFixture.run { module in
      try await module.change(Self.dropCounts)
      try await module.change(
        "delete from gateway_schema_history where module = 'non-associations' and version = '2.5'"
      )
      let id = try await module.store(Fixture.open(0, "A1234BC", "D5678EF"))
      let read = PostgresStatement(
        name: "test",
        sql: "select count(*) from non_association",
        isPrepared: false
      )
      let write = PostgresStatement(
        name: "test",
        sql: "update non_association set comment = 'y'",
        isPrepared: false
      )
      // A dump reads for a long time.
      try await module.database.withTransaction(isolation: .repeatableRead, deadline: .now() + .seconds(60)) {
        reader in
        _ = try await reader.query(read)
        let written = AsyncStream.makeStream(of: Void.self)
        let mayEnd = AsyncStream.makeStream(of: Void.self)
        async let writing: Void = module.database.withTransaction(deadline: .now() + .seconds(60)) { writer in
          _ = try await writer.query(write)
          written.continuation.finish()
          for await _ in mayEnd.stream {}
        }
        for await _ in written.stream {}
        async let migrating = Migrator.nonAssociations().migrate(
          module.database,
          deadline: .now() + .seconds(60)
        )
        let waits = "exists (select from pg_locks where not granted and mode = 'ShareRowExclusiveLock') and"
        while try await module.count("\(waits) true") == 0 {}
        // Readers go on beside it.
        #expect(try await module.status("/non-associations/\(id)", .reader) == 200)
        mayEnd.continuation.finish()
        try await writing
        #expect(try await migrating.map(\.version) == ["2.5"])
        _ = try await reader.query(read)
      }
      try await module.counts().look()
      let state = try await module.counts().store.countState(deadline: .now() + .seconds(60))
      #expect(state.areCounted)
      #expect(try await module.create("A1234BC", "G9012HI").status == 201)
      #expect(try await module.counts().store.areCountsRight(deadline: .now() + .seconds(60)))
    }
  }
}
