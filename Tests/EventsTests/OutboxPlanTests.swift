import AWSPeer
import JSON
import Postgres
import Testing

@testable import Events

/// What a claim costs is seen in the pages that PostgreSQL reads for it, not in time.
@Suite struct OutboxPlanTests {
  private static let backlog = 6000
  private static let subjects = 100

  private static func fill(_ count: Int, published: String) -> String {
    """
    insert into gateway_outbox (module, kind, subject, event_type, message, published_at)
    select 'non-associations', 'event', 'S' || (number % \(subjects)), 't', '\\x7b7d', \(published)
    from generate_series(1, \(count)) number
    """
  }

  private func pages(_ statement: PostgresStatement, _ test: TestDatabase) async throws -> Int {
    let plan = try await test.observer.withTransaction(deadline: .soon) { transaction in
      try await transaction.query(
        PostgresStatement(
          name: "explained",
          sql: "explain (analyze, buffers, timing off, format json) \(statement.sql)"
        ),
        [.text("non-associations"), .text("event"), .int8(100), .int8(1), .int8(1000)]
      ).map { try $0.text(0) }.joined()
    }
    let top = try JSONValue(parsing: Array(plan.utf8)).array?.first?["Plan"]
    func number(_ name: String) throws -> Int {
      let text = try #require(top?[name]?.scalarText)
      return try #require(Int(text))
    }
    return try number("Shared Hit Blocks") + number("Shared Read Blocks")
  }

  @Test(
    "a claim reads a few pages for each row that waits, whatever PostgreSQL knew of the outbox",
    arguments: [0, 5000]
  )
  func longBacklog(published: Int) async throws {
    try await TestDatabase.run { test in
      if published > 0 {
        try await test.change(Self.fill(published, published: "now()"))
        try await test.change("analyze gateway_outbox")
      }
      try await test.change(Self.fill(Self.backlog, published: "null"))
      let inOrder = try await pages(OutboxStore.claimInOrder, test)
      let untriedFirst = try await pages(OutboxStore.claimUntriedFirst, test)
      #expect(inOrder < 10 * Self.backlog && untriedFirst < 10 * Self.backlog)
    }
  }
}
