import AWSPeer
import JSON
import Postgres
import Testing

@testable import Events

/// What a claim costs is seen in the pages that PostgreSQL reads for it, not in time.
@Suite struct OutboxPlanTests {
  private static let backlog = 6000

  /// What PostgreSQL knew of the outbox when its statistics were taken: nothing, that nothing waited, or that all did.
  enum Knowledge: CaseIterable { case nothing, calm, backlog }

  /// Writes so many rows, each of a subject of its own.
  private func fill(published: String, _ test: TestDatabase) async throws {
    try await test.change(
      """
      insert into gateway_outbox (module, kind, subject, event_type, message, published_at)
      select 'non-associations', 'event', 'S' || number, 't', '\\x7b7d', \(published)
      from generate_series(1, \(Self.backlog)) number
      """
    )
  }

  private func publish(upTo count: Int, _ test: TestDatabase) async throws {
    try await test.change(
      """
      update gateway_outbox set published_at = now() where id in (
        select id from gateway_outbox where published_at is null order by id limit \(count)
      )
      """
    )
  }

  private func teach(_ knowledge: Knowledge, _ test: TestDatabase) async throws {
    guard knowledge != .nothing else { return }
    try await fill(published: knowledge == .calm ? "now()" : "null", test)
    try await test.change("analyze gateway_outbox")
    try await publish(upTo: Self.backlog, test)
  }

  /// The plan, of a claim that is rolled back.
  private struct Explained: Error {
    let plan: String
  }

  /// Pages that a claim of a hundred rows reads, with the plan for any parameters or with that for its own, whichever is worse.
  private func pages(_ statement: PostgresStatement, _ test: TestDatabase) async throws -> Int {
    var most = 0
    for mode in ["force_generic_plan", "force_custom_plan"] {
      let explained = try await #require(throws: Explained.self) {
        try await test.observer.withTransaction(deadline: .soon) { transaction in
          func run(_ sql: String) async throws -> String {
            try await transaction.query(PostgresStatement(name: "run", sql: sql, isPrepared: false), [])
              .map { try $0.text(0) }.joined()
          }
          _ = try await run("set local plan_cache_mode = \(mode)")
          _ = try await run("prepare explained as \(statement.sql)")
          let plan = try await run(
            """
            explain (analyze, buffers, timing off, format json)
            execute explained('non-associations', 'event', 100, 1, 1000)
            """
          )
          _ = try await run("deallocate explained")
          throw Explained(plan: plan)
        }
      }
      let top = try JSONValue(parsing: Array(explained.plan.utf8)).array?.first?["Plan"]
      func number(_ name: String) throws -> Int {
        let text = try #require(top?[name]?.scalarText)
        return try #require(Int(text))
      }
      most = max(most, try number("Shared Hit Blocks") + number("Shared Read Blocks"))
    }
    return most
  }

  @Test(
    "a claim reads a few pages for each row that it takes, however many wait, whatever PostgreSQL knew of the outbox",
    arguments: Knowledge.allCases
  )
  func longBacklog(knowledge: Knowledge) async throws {
    try await TestDatabase.run { test in
      try await teach(knowledge, test)
      try await fill(published: "null", test)
      let inOrder = try await pages(OutboxStore.claimInOrder, test)
      #expect(inOrder < 40 * 100)
      let untriedFirst = try await pages(OutboxStore.claimUntriedFirst, test)
      #expect(untriedFirst < 10 * Self.backlog)
    }
  }

  @Test(
    "a claim passes once over what is published and still seen by a frozen session",
    arguments: Knowledge.allCases
  )
  func frozenSession(knowledge: Knowledge) async throws {
    try await TestDatabase.run { test in
      try await teach(knowledge, test)
      try await test.observer.withTransaction(isolation: .repeatableRead, deadline: .soon) { frozen in
        let look = PostgresStatement(name: "look", sql: "select count(*) from gateway_outbox")
        _ = try await frozen.query(look, [])
        try await fill(published: "null", test)
        try await publish(upTo: Self.backlog * 5 / 6, test)
        let inOrder = try await pages(OutboxStore.claimInOrder, test)
        #expect(inOrder < Self.backlog)
      }
    }
  }
}
