import Postgres
import Testing
import Time

@testable import NonAssociationsModule

@Suite("Query plans")
struct QueryPlanTests {
  private static let both = StateFilter(includeClosed: true)
  private static let closed = StateFilter(includeOpen: false, includeClosed: true)

  private static func page(_ sort: String, _ filter: StateFilter = StateFilter()) throws -> PostgresStatement
  {
    NonAssociationsStore.page(try PageRequest(filter: filter, page: nil, size: nil, sort: [sort]))
  }

  /// Statement, types and values of its parameters.
  private static var statements: [(PostgresStatement, String, String)] {
    get throws {
      var all = [
        (NonAssociationsStore.byID, "bigint", "42"), (NonAssociationsStore.lockByID, "bigint", "42"),
        (NonAssociationsStore.byPrisoner, "text", "'A0001AA'"),
        (NonAssociationsStore.openPairExists, "text, text", "'A0001AA', 'B0001BB'"),
        (NonAssociationsStore.lockForMerge, "text[], text[]", "'{A0001AA,B0001BB}', '{B0001BB,C0001CC}'"),
        (NonAssociationsStore.historyByID, "bigint", "42"),
      ]
      for filter in [StateFilter(), both, closed] {
        for involvement in [NonAssociationsStore.Involvement.between, .involving] {
          all.append((NonAssociationsStore.list(involvement, filter), "text[]", "'{A0001AA,B0001BB}'"))
        }
      }
      for sort in [
        "id", "firstPrisonerNumber,DESC", "secondPrisonerNumber", "whenCreated", "whenUpdated,DESC",
      ] {
        all.append((try page(sort), "bigint, bigint", "20, 0"))
      }
      all.append((try page("id", closed), "bigint, bigint", "20, 0"))
      return all
    }
  }

  @Test("Every read uses the indexes, with generic plans too")
  func plans() async throws {
    try await ModuleFixture.run { module in
      try await module.change(
        """
        insert into non_association (first_prisoner_number, first_prisoner_role, second_prisoner_number,
          second_prisoner_role, reason, restriction_type, comment, updated_by, when_created, when_updated)
        select 'A' || lpad((i % 10000)::text, 4, '0') || 'AA', 'VICTIM',
          'B' || lpad((i / 10000)::text, 4, '0') || 'BB' || i % 100, 'VICTIM', 'OTHER', 'CELL', 'x', 'U',
          now() - i * interval '1 min', now() - i % 777 * interval '1 min'
        from generate_series(0, 29999) i
        """
      )
      try await module.change(
        """
        insert into non_association_history (change, changed_at, changed_by, non_association_id, first_prisoner_number,
          first_prisoner_role, second_prisoner_number, second_prisoner_role, reason, restriction_type, comment,
          when_created, when_updated, updated_by, is_closed)
        select 'CREATED', now(), 'U', id, first_prisoner_number, first_prisoner_role, second_prisoner_number,
          second_prisoner_role, reason, restriction_type, comment, when_created, when_updated, updated_by, false
        from non_association
        """
      )
      try await module.change("analyze non_association")
      try await module.change("analyze non_association_history")
      for (number, (statement, types, arguments)) in try Self.statements.enumerated() {
        let plan = try await Self.plan(module, number, statement, types, arguments)
        #expect(plan.contains("non_association_"), "\(statement.name): \(plan)")
        #expect(plan.contains("Index"))
        #expect(!plan.contains("Seq Scan"), "\(statement.name): \(plan)")
      }
    }
  }

  /// As it is for any parameters.
  private static func plan(
    _ module: ModuleFixture,
    _ number: Int,
    _ statement: PostgresStatement,
    _ types: String,
    _ arguments: String,
    isRun: Bool = false
  ) async throws -> String {
    try await module.database.withTransaction(deadline: .now() + .seconds(60)) { transaction in
      func run(_ sql: String) async throws -> PostgresRows {
        try await transaction.query(PostgresStatement(name: "test", sql: sql, isPrepared: false))
      }
      _ = try await run("set local plan_cache_mode = force_generic_plan")
      _ = try await run("prepare plan_\(number)(\(types)) as \(statement.sql)")
      let rows = try await run(
        "explain \(isRun ? "(analyze, costs off, timing off) " : "")execute plan_\(number)(\(arguments))"
      )
      return try rows.map { try $0.text(0) }.joined(separator: "\n")
    }
  }

  @Test(
    "A page by id, first or last, reads of the rows no more than a block's part of an index, and the page"
  )
  func pagesByID() async throws {
    try await ModuleFixture.run { module in
      try await module.change(
        """
        insert into non_association (first_prisoner_number, first_prisoner_role, second_prisoner_number,
          second_prisoner_role, reason, restriction_type, comment, updated_by, is_closed, closed_by, closed_reason, closed_at)
        select 'A' || i, 'VICTIM', 'B' || i, 'VICTIM', 'OTHER', 'CELL', 'x', 'U', is_closed,
          case when is_closed then 'U' end, case when is_closed then 'x' end, case when is_closed then now() end
        from (select i, i % 10 = 0 as is_closed from generate_series(1, 60000) i) rows
        """
      )
      try await module.change("analyze non_association")
      try await module.counts().look()
      var number = 100
      for filter in [StateFilter(), Self.both, Self.closed] {
        for direction in SortDirection.allCases {
          for offset in [0, 5990] {
            number += 1
            let statement = NonAssociationsStore.pageByID(filter, direction)
            let plan = try await Self.plan(
              module,
              number,
              statement,
              "bigint, bigint",
              "20, \(offset)",
              isRun: true
            )
            let reads = plan.split(separator: "\n").filter { $0.contains(" on non_association ") }
            #expect(reads.count == 2, "\(plan)")
            for read in reads {
              #expect(read.contains("Index"), "\(plan)")
              let rows = read.firstMatch(of: /rows=([0-9.]+) loops/).flatMap { Double($0.1) }
              let most = Double(1 << NonAssociationsModule.countBlockBits)
              #expect(rows.map { $0 <= most } == true, "\(plan)")
            }
          }
        }
      }
    }
  }
}
