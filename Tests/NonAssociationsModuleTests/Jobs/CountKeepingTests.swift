import EventLoops
import Events
import HTTPTypes
import JSON
import Postgres
import TestKit
import Testing
import Text
import Time

@testable import NonAssociationsModule

@Suite("Counts that triggers keep (docs/decisions/0022-counts-by-triggers.md)")
struct CountKeepingTests {
  private static let insertion = """
    insert into non_association (id, first_prisoner_number, first_prisoner_role, second_prisoner_number,
      second_prisoner_role, reason, restriction_type, comment, updated_by, is_closed, closed_by, closed_reason, closed_at)
    select id, 'A' || id % 100000, 'VICTIM', 'B' || id / 100000, 'VICTIM', 'OTHER', 'CELL', 'x', 'U', is_closed,
      case when is_closed then 'U' end, case when is_closed then 'x' end, case when is_closed then now() end
    from (select id, id % 5 = 0 as is_closed from generate_series
    """

  /// Rows of these ids, every fifth of them closed.
  private static func rows(_ first: Int64, _ last: Int64, step: Int64 = 1) -> String {
    "\(insertion)(\(first)::bigint, \(last)::bigint, \(step)::bigint) id) ids"
  }

  private static let filters = ["", "includeClosed=true", "includeOpen=false&includeClosed=true"]

  private static func page(_ module: ModuleFixture, _ query: String) async throws -> (
    total: Int64, ids: [Int64]
  ) {
    let answer = try await module.send(.get, "/non-associations?\(query)", as: .reader)
    guard answer.status == 200, case .number(let total) = try answer.json["totalElements"],
      case .array(let items) = try answer.json["content"]
    else {
      Issue.record("\(answer.body)")
      return (-1, [])
    }
    let ids = items.compactMap { item -> Int64? in
      guard case .object(let members) = item, case .number(let text) = members["id"] else { return nil }
      return Int64(text)
    }
    return (Int64(total) ?? -1, ids)
  }

  /// What the counts say, and what the rows say, at one moment.
  private static func areRight(_ module: ModuleFixture) async throws -> Bool {
    try await module.keeping.store.areCountsRight(deadline: .now() + .seconds(60))
  }

  private static func state(_ module: ModuleFixture) async throws -> NonAssociationsStore.CountState {
    try await module.keeping.store.countState(deadline: .now() + .seconds(60))
  }

  private static func check(_ module: ModuleFixture, isKept: Bool = true) async throws {
    #expect(try await state(module).areCounted == isKept)
    if isKept { #expect(try await areRight(module)) }
    let (open, all) = (try await module.count("not is_closed"), try await module.count())
    let totals = try await [page(module, filters[0]), page(module, filters[1]), page(module, filters[2])].map(
      \.total
    )
    #expect(totals == [open, all, all - open])
  }

  @Test("Every page of every state, in both directions, is that of the rows, with counts and without")
  func pages() async throws {
    try await ModuleFixture.run { module in
      // Blocks that are full, empty, sparse, and of ids below zero.
      try await module.change(Self.rows(16_300, 16_500))
      try await module.change(Self.rows(40_000, 90_000, step: 997))
      try await module.change(Self.rows(-40, -1))
      try await module.change(Self.rows(5_000_000_000, 5_000_000_010))
      for isKept in [false, true] {
        if isKept { try await module.keeping.look() }
        #expect(try await Self.state(module).areCounted == isKept)
        for (filter, condition) in zip(Self.filters, ["not is_closed", "true", "is_closed"]) {
          let expected = try await module.ids(condition)
          for (sort, ids) in [
            ("", expected), ("sort=id,desc", expected.reversed()), ("sort=id,comment", expected),
          ] {
            var found: [Int64] = []
            for number in 0...(ids.count / 17 + 1) {
              let page = try await Self.page(module, "\(filter)&size=17&page=\(number)&\(sort)")
              #expect(page.total == Int64(ids.count))
              found += page.ids
            }
            #expect(found == ids, "\(filter) \(sort)")
          }
        }
      }
    }
  }

  @Test(
    "Creates, closes, re-openings, deletions and merges at the same moment, with all being added up, stay exact"
  )
  func changes() async throws {
    try await ModuleFixture.run { module in
      module.search.setPeople(
        Fixture.everybody
          + (0..<400).map {
            Prisoner(prisonerNumber: Self.number($0), firstName: "A", lastName: "B", prisonID: "MDI")
          }
      )
      try await module.keeping.look()
      let loops = try Loops.shared.get()
      let handler = try module.queue()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<8 {
          group.addTask(executorPreference: loops.any()) {
            for index in 0..<25 {
              try await Self.live(module, handler, worker * 50 + index * 2)
              if index % 5 == 0 { try await module.keeping.look() }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await Self.state(module).areCounted)
      try await Self.check(module)
      try await module.keeping.look()
      #expect(try await !Self.state(module).hasChanges)
      try await Self.check(module)
      // Of three, one was deleted, and one merged with itself.
      #expect(try await module.count() == 67)
    }
  }

  private static func number(_ index: Int) -> String { "A\(String(index + 1000))BC" }

  /// What happens to a pair.
  private static func live(_ module: ModuleFixture, _ handler: BusBridge, _ index: Int) async throws {
    let created = try await module.create(number(index), number(index + 1))
    #expect(created.status == 201)
    let path = "/non-associations/\(try created.id)"
    let closed = try await module.send(.put, path + "/close", as: .writer, body: #"{"closedReason":"x"}"#)
    #expect(closed.status == 200)
    switch index / 2 % 3 {
    case 0: _ = try await module.send(.put, path + "/reopen", as: .reopener, body: #"{"reopenReason":"x"}"#)
    case 1:
      let body = #"{"deletionReason":"x","staffUserNameRequestingDeletion":"A"}"#
      #expect(try await module.send(.post, path + "/delete", as: .deleter, body: body).status == 204)
    default: try await handler.handle(.merged(from: number(index), to: number(index + 1)))
    }
  }

  @Test(
    "Writes of others count: rows by the thousand, other ids, changes that are undone, and all rows truncated"
  )
  func plainSQL() async throws {
    try await ModuleFixture.run { module in
      try await module.keeping.look()
      try await module.change(Self.rows(1, 20_000))
      try await Self.check(module)
      try await module.change("update non_association set id = id + 100000 where id % 3 = 0")
      try await module.change(
        "update non_association set is_closed = true, closed_by = 'U', closed_reason = 'x', closed_at = now() where id < 500"
      )
      try await module.change("delete from non_association where id % 7 = 0")
      try await Self.check(module)
      struct Undone: Error {}
      await #expect(throws: Undone.self) {
        try await module.database.withTransaction(deadline: .now() + .seconds(60)) { transaction in
          _ = try await transaction.query(PostgresStatement(name: "test", sql: "delete from non_association"))
          throw Undone()
        }
      }
      try await module.keeping.look()
      try await Self.check(module)
      try await module.change("truncate non_association")
      try await Self.check(module, isKept: false)
      try await module.change(Self.rows(1, 10))
      try await module.keeping.look()
      try await Self.check(module)
    }
  }

  @Test("While rows are written they are counted again, and none is counted twice or left out")
  func countedAnew() async throws {
    try await ModuleFixture.run { module in
      try await module.change(Self.rows(1, 50_000))
      let keeping = try module.keeping
      try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 1...4 {
          group.addTask {
            for index in 0..<50 {
              let id = Int64(worker * 100_000 + index)
              try await module.change(Self.rows(id, id))
              if index % 2 == 0 {
                try await module.change("delete from non_association where id = \(id - 100_000)")
              }
            }
          }
        }
        group.addTask {
          for _ in 0..<10 {
            try await keeping.store.distrustCounts(deadline: .now() + .seconds(60))
            try await keeping.look()
          }
        }
        try await group.waitForAll()
      }
      try await Self.check(module)
    }
  }

  @Test(
    "Without a trigger, or after rows were changed without them, nothing is trusted until all is counted again"
  )
  func distrust() async throws {
    try await ModuleFixture.run { module in
      try await module.change(Self.rows(1, 100))
      try await module.keeping.look()
      try await module.change("alter table non_association disable trigger non_association_count_insert")
      try await module.change(Self.rows(101, 200))
      let total = try await Self.page(module, "includeClosed=true").total
      #expect(total == 200)
      // It is seen that there was none, so what was not counted is found.
      try await module.keeping.look()
      try await module.change("alter table non_association enable trigger non_association_count_insert")
      try await module.keeping.look()
      try await Self.check(module)
      // Nobody has seen this: the daily comparison finds it.
      try await module.change("delete from non_association_count where block = 0")
      #expect(try await !Self.areRight(module))
      try await module.change("update non_association_count_base set checked_at = now() - interval '2 days'")
      try await module.keeping.look()
      try await Self.check(module)
      #expect(try await !Self.state(module).isCheckDue)
    }
  }

  @Test(
    "Whoever may write the table and nothing else does so, and is counted; search paths lead nowhere else"
  )
  func otherUser() async throws {
    try await ModuleFixture.run { module in
      try await module.keeping.look()
      try await module.change(
        """
        do $$ begin
          if not exists (select from pg_roles where rolname = 'count_test_writer') then
            create role count_test_writer;
          end if;
        end $$
        """
      )
      try await module.change("grant usage on schema public to count_test_writer")
      try await module.change("grant select, insert, update, delete on non_association to count_test_writer")
      try await module.database.withTransaction(deadline: .now() + .seconds(60)) { transaction in
        for sql in [
          "create temporary table non_association_count_change (block bigint, open_rows bigint, closed_rows bigint) on commit drop",
          "set local role count_test_writer", Self.rows(1, 10), "delete from non_association where id = 3",
          "reset role",
        ] {
          _ = try await transaction.query(PostgresStatement(name: "test", sql: sql, isPrepared: false))
        }
      }
      try await Self.check(module)
      #expect(try await module.count() == 9)
      try await module.change("revoke all on non_association from count_test_writer")
      try await module.change("revoke all on schema public from count_test_writer")
      try await module.change("drop role count_test_writer")
    }
  }
}

extension ModuleFixture {
  /// By hand: nothing is looked after by itself.
  fileprivate var keeping: CountKeeping { get throws { try counts() } }

  fileprivate func ids(_ condition: String) async throws -> [Int64] {
    let sql = "select id from non_association where \(condition) order by id"
    let statement = PostgresStatement(name: "test_ids", sql: sql, isPrepared: false)
    return try await database.query(statement, deadline: .now() + .seconds(60)).map { try $0.int64(0) }
  }
}
