import EventLoops
import Postgres
import Testing
import Time

@testable import Events

@Suite struct FeedPositionTests {
  @Test("a position reads what it writes, and nothing else")
  func text() throws {
    for position in [FeedPosition(last: 0), FeedPosition(last: 105, missing: [98, 101])] {
      #expect(FeedPosition(position.description) == position)
    }
    #expect(FeedPosition(last: 105, missing: [98, 101]).description == "105.98.101")
    let long = (["100"] + (1...65).map(String.init)).joined(separator: ".")
    for text in ["", ".", "1.", "x", "-1", "+1", "1.2", "1 ", "9999999999999999999", long] {
      #expect(FeedPosition(text) == nil, "\(text)")
    }
  }

  @Test("a number that was skipped stays missing until it turns up, or lies too far back")
  func missing() {
    let start = FeedPosition(last: 10)
    #expect(start.advanced(over: []) == start)
    #expect(start.advanced(over: [11, 12]) == FeedPosition(last: 12))
    let gap = start.advanced(over: [12, 15])
    #expect(gap == FeedPosition(last: 15, missing: [11, 13, 14]))
    #expect(gap.advanced(over: [13]) == FeedPosition(last: 15, missing: [11, 14]))
    #expect(gap.advanced(over: [11, 16]) == FeedPosition(last: 16, missing: [13, 14]))
    #expect(gap.advanced(over: Array(16...76)) == FeedPosition(last: 76, missing: [13, 14]))
    #expect(gap.advanced(over: Array(16...80)) == FeedPosition(last: 80))
    let far = start.advanced(over: [1_000_000])
    #expect(far == FeedPosition(last: 1_000_000, missing: Array(999_937...999_999)))
    #expect(FeedPosition(far.description) == far)
  }
}

@Suite struct EventFeedTests {
  private func feed(_ test: TestDatabase, _ module: String = "non-associations") -> (EventFeed, ChangeSignal)
  {
    let signal = ChangeSignal(
      database: test.database,
      channel: PostgresOutbox.channel,
      loop: Loops.shared.loops[0]
    )
    return (EventFeed(module: module, database: test.database, signal: signal), signal)
  }

  @Test("it tells what was committed, once, in order, of its own module; audit messages are no events")
  func tells() async throws {
    try await TestDatabase.run { test in
      let (feed, signal) = feed(test)
      try await test.append([event("A/B", 1), event("A/B", 2)])
      try await test.observer.withTransaction(deadline: .soon) { transaction in
        let outbox = PostgresOutbox(module: "restricted-patients", destinations: .test)
        try await outbox.append(event("C/D", 3), nil, in: transaction)
      }
      let (first, position) = try await feed.events(after: nil, until: .soon, deadline: .soon)
      #expect(first.map(\.message) == [event("A/B", 1).message, event("A/B", 2).message])
      #expect(first.map(\.eventType) == ["non-associations.created", "non-associations.created"])
      let (none, next) = try await feed.events(after: position, until: .now(), deadline: .soon)
      #expect(none.isEmpty)
      let waiting = Task(executorPreference: Loops.shared.loops[1]) {
        try await feed.events(after: next, until: .soon, deadline: .soon)
      }
      try await test.append([event("A/B", 4)])
      #expect(try await waiting.value.entries.map(\.message) == [event("A/B", 4).message])
      await signal.stop()
    }
  }

  private static let insert = PostgresStatement(
    name: "early",
    sql: """
      insert into gateway_outbox (module, kind, subject, event_type, message)
      values ('non-associations', 'event', $1, $2, $3)
      """
  )

  @Test("an event that is committed after a later one is told too")
  func lateCommit() async throws {
    try await TestDatabase.run { test in
      let (feed, signal) = feed(test)
      let start = try await feed.events(after: nil, until: .soon, deadline: .soon).position
      let late = event("A/B", 1)
      let between = try await test.observer.withTransaction(deadline: .soon) { transaction in
        // Not by the outbox, which takes its number with the commit, when hardly anybody can be faster.
        try await transaction.execute(
          Self.insert,
          [.text(late.subject), .text(late.eventType), .bytes(late.message)]
        )
        try await test.append([event("C/D", 2)])
        return try await feed.events(after: start, until: .soon, deadline: .soon)
      }
      #expect(between.entries.map(\.message) == [event("C/D", 2).message])
      let after = try await feed.events(after: between.position, until: .soon, deadline: .soon)
      #expect(after.entries.map(\.message) == [event("A/B", 1).message])
      #expect(after.position == FeedPosition(last: between.position.last))
      await signal.stop()
    }
  }

  @Test("a wait ends when the feed is closed, and when its task is cancelled")
  func ends() async throws {
    try await TestDatabase.run { test in
      let (feed, signal) = feed(test)
      let start = try await feed.events(after: nil, until: .soon, deadline: .soon).position
      let end = MonotonicInstant.soon
      let cancelled = Task(executorPreference: Loops.shared.loops[1]) {
        try await feed.events(after: start, until: end, deadline: end).entries.count
      }
      cancelled.cancel()
      _ = await cancelled.result
      let closed = Task(executorPreference: Loops.shared.loops[1]) {
        try await feed.events(after: start, until: end, deadline: end).entries.count
      }
      feed.close()
      #expect(try await closed.value == 0)
      #expect(MonotonicInstant.now() < end)
      await signal.stop()
    }
  }
}
