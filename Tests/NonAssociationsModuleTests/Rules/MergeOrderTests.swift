import Events
import Postgres
import ServiceKit
import Testing
import Time

@testable import NonAssociationsModule

@Suite("Queues keep no order: changes of numbers that belong together end in the same rows in any order")
struct MergeOrderTests {
  private static let (a, b, c, d) = ("A1111AA", "B2222BB", "C3333CC", "D4444DD")
  private static let (x, y, z) = ("X1111XX", "Y1111YY", "Z1111ZZ")

  private static func merged(_ old: String, _ new: String, _ minute: Int) -> ReceivedMessage {
    .envelope(
      PrisonerMerged.type,
      #"{"version":"1.0","occurredAt":"2026-01-15T10:0\#(minute):00Z","description":"d","#
        + #""additionalInformation":{"nomsNumber":"\#(new)","removedNomsNumber":"\#(old)","reason":"MERGE"}}"#
    )
  }

  private static let permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]

  /// What stands in the table once `messages` are handled. Handled once more, they change and tell nothing.
  private static func rows(
    after messages: [ReceivedMessage],
    _ before: [NonAssociation]
  ) async throws -> [String] {
    try await ModuleFixture.run { module in
      for row in before { try await module.store(row) }
      let queue = try module.queue(mergeEvents: true)
      for message in messages { try await queue.handle(message) }
      let published = module.events.events.count
      for message in messages.reversed() { try await queue.handle(message) }
      #expect(module.events.events.count == published)
      let all = try await module.database.query(
        PostgresStatement(
          name: "test_rows",
          sql: """
            select concat_ws(' ', row_number() over (order by when_created), first_prisoner_number,
              second_prisoner_number, is_closed, closed_reason, closed_by)
            from non_association order by when_created
            """
        ),
        [],
        deadline: .now() + .seconds(30)
      )
      return try all.map { try $0.text(0) }
    }
  }

  /// By `when_created`, as ids depend on nothing else.
  private static let before = [
    Fixture.open(0, a, x), Fixture.open(0, b, x), Fixture.open(0, y, a), Fixture.open(0, c, y),
    Fixture.closed(0, b, z), Fixture.open(0, a, d), Fixture.open(0, z, c), Fixture.open(0, b, c),
  ].enumerated().map { index, row in
    var row = row
    row.whenCreated = Fixture.clock + .seconds(index)
    return row
  }

  @Test("three merges, one after the other", arguments: permutations)
  func merges(order: [Int]) async throws {
    let messages = [
      Self.merged(Self.a, Self.b, 1), Self.merged(Self.b, Self.c, 2), Self.merged(Self.c, Self.d, 3),
    ]
    let rows = try await Self.rows(after: order.map { messages[$0] }, Self.before)
    #expect(try await Self.rows(after: messages, Self.before) == rows)
    #expect(!rows.contains { row in [Self.a, Self.b, Self.c].contains { row.contains($0) } })
  }

  @Test("a booking that moved, and what became of its number later", arguments: [false, true])
  func bookingMoved(isReversed: Bool) async throws {
    let moved = ReceivedMessage.bookingMoved(from: Self.a, to: Self.b, start: "2023-07-13T09:10:32")
    let messages = [moved, Self.merged(Self.b, Self.c, 2)]
    var within = Fixture.open(0, Self.a, Self.x)
    within.whenCreated = try #require(Timestamp(offsetText: "2023-07-14T00:00:00Z"))
    var before = Fixture.open(0, Self.a, Self.y)
    before.whenCreated = try #require(Timestamp(offsetText: "2023-07-01T00:00:00Z"))
    let result = try await Self.rows(after: isReversed ? messages.reversed() : messages, [within, before])
    #expect(result == ["1 A1111AA Y1111YY f", "2 C3333CC X1111XX f"])
  }

  @Test("an earlier change of the new number is over: what comes to it later stays there")
  func earlier() async throws {
    try await ModuleFixture.run { module in
      try await module.store(Fixture.open(0, Self.a, Self.x))
      let queue = try module.queue()
      try await queue.handle(Self.merged(Self.b, Self.c, 1))
      try await queue.handle(Self.merged(Self.a, Self.b, 2))
      #expect(try await module.count("first_prisoner_number = '\(Self.b)'") == 1)
    }
  }
}
