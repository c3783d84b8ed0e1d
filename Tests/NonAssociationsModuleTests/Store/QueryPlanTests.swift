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
        let plan = try await module.database.withTransaction(deadline: .now() + .seconds(60)) { transaction in
          func run(_ sql: String) async throws -> PostgresRows {
            try await transaction.query(PostgresStatement(name: "test", sql: sql, isPrepared: false))
          }
          _ = try await run("set local plan_cache_mode = force_generic_plan")
          _ = try await run("prepare plan_\(number)(\(types)) as \(statement.sql)")
          let rows = try await run("explain execute plan_\(number)(\(arguments))")
          return try rows.map { try $0.text(0) }.joined(separator: "\n")
        }
        #expect(plan.contains("non_association_"), "\(statement.name): \(plan)")
        #expect(plan.contains("Index"))
        #expect(!plan.contains("Seq Scan"), "\(statement.name): \(plan)")
      }
    }
  }
}
