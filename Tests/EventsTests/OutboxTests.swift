import EventLoops
import Instrumentation
import Postgres
import ServiceKit
import Synchronization
import TestKit
import Testing
import Time

@testable import Events

/// Settings that make the tests' waits short.
let brisk: OutboxSettings = {
  var settings = OutboxSettings()
  settings.pollInterval = .milliseconds(100)
  settings.initialBackOff = .milliseconds(5)
  settings.maximumBackOff = .milliseconds(50)
  return settings
}()

@Suite struct OutboxTests {
  private func relay(
    _ test: TestDatabase,
    _ topic: any Topic,
    audit: (any MessageQueue)? = nil,
    _ settings: OutboxSettings = brisk,
    destinations: OutboxDestinations = .test,
    bus: EventBus = EventBus()
  ) -> OutboxRelay {
    OutboxRelay(
      module: "non-associations",
      database: test.database,
      topic: topic,
      auditQueue: audit,
      destinations: destinations,
      bus: bus,
      settings: settings,
      loop: Loops.shared.loops[0],
      logger: quiet
    )
  }

  private func unpublished(_ test: TestDatabase) async throws -> Int64 {
    try await test.count("gateway_outbox", where: "published_at is null and set_aside_at is null")
  }

  @Test("a NOTIFY queue that is full keeps no change from being committed, published, and heard of")
  func notifyQueueFull() async throws {
    try await BrokerFixture.run(maximumReceiveCount: 1) { fixture in
      let test = fixture.test
      // As PostgreSQL refuses it while a session that listens reads nothing.
      try await test.change(
        """
        create function public.pg_notify(text, text) returns void language plpgsql as
        $$ begin raise 'too many notifications in the NOTIFY queue' using errcode = '54000'; end $$
        """
      )
      try await test.change(
        "do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$"
      )
      try await test.killBackends()
      try await eventually("new sessions find it") {
        do {
          _ = try await test.database.query(
            PostgresStatement(name: "refused", sql: "select pg_notify('a', 'b')"),
            deadline: .soon
          )
        } catch {
          return (error as? PostgresError)?.sqlState == "54000"
        }
        return false
      }
      let topic = SwitchableTopic()
      let relay = relay(test, topic)
      await relay.start()
      for number in 1...3 {
        // A session that was killed may be lent once more before its end is read.
        try await eventually("change \(number) is committed") {
          do {
            try await test.database.withTransaction(deadline: .soon) { transaction in
              try await PostgresOutbox(module: "non-associations", destinations: .test).append(
                event("A", number),
                nil,
                in: transaction
              )
            }
            return true
          } catch {
            guard (error as? PostgresError)?.kind == .connectionLost else { throw error }
            return false
          }
        }
      }
      try await eventually("all are published") { topic.numbers["A"] == [1, 2, 3] }
      await relay.stop()
      // The broker in the database, whose every step tells somebody: send, put off, dead-letter, redrive.
      try await fixture.send("x")
      let first = try #require(try await fixture.receive(wait: .seconds(6)).first)
      try await fixture.queue.changeVisibility(receipt: first.receipt, timeout: .zero, deadline: .soon)
      #expect(try await fixture.receive(wait: .seconds(6)) == [])
      #expect(try await fixture.deadLetters.status(deadline: .soon).messagesOnQueue == 1)
      try await fixture.deadLetters.redrive(to: fixture.queue, deadline: .soon)
      #expect(try await fixture.receive(wait: .seconds(6)).map(\.text) == ["x"])
    }
  }

  @Test("what was committed is published as it is, with its type and trace; what was rolled back is not")
  func committed() async throws {
    try await TestDatabase.run { test in
      let topic = SwitchableTopic()
      let relay = relay(test, topic)
      await relay.start()
      let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      let span = try #require(SpanContext(traceparent: trace, state: "a=1"))
      try await InstrumentationContext.withValue(InstrumentationContext(span: span)) {
        try await test.append([event("A/B", 1)])
      }
      struct Changed: Error {}
      await #expect(throws: Changed.self) {
        try await test.observer.withTransaction(deadline: .soon) { transaction in
          try await PostgresOutbox(module: "non-associations", destinations: .test).append(
            event("A/B", 2),
            nil,
            in: transaction
          )
          throw Changed()
        }
      }
      try await test.append([event("A/B", 3)])
      try await eventually("both are published") { topic.taken.count == 2 }
      let first = topic.taken[0]
      #expect(first.body == event("A/B", 1).message)
      #expect(
        first.attributes == [
          "eventType": MessageAttribute(value: "non-associations.created"),
          "traceparent": MessageAttribute(value: trace), "tracestate": MessageAttribute(value: "a=1"),
        ]
      )
      // Nobody's trace: one of its own.
      #expect(topic.taken[1].attributes.keys.sorted() == ["eventType", "traceparent"])
      #expect(topic.numbers == ["A/B": [1, 3]])
      try await eventually("both are marked") { try await unpublished(test) == 0 }
      let statistics = try await relay.statistics(deadline: .soon)
      #expect(statistics.published == 2)
      #expect(statistics.depth == 0)
      #expect(statistics.oldestAge == nil)
      await relay.stop()
    }
  }

  @Test("a commit wakes the relay; it does not wait for its next look at the table")
  func woken() async throws {
    try await TestDatabase.run { test in
      var settings = brisk
      settings.pollInterval = .seconds(3600)
      let topic = SwitchableTopic()
      let relay = relay(test, topic, settings)
      await relay.start()
      for number in 1...20 {
        try await test.append([event("A", number)])
        try await eventually("event \(number) is published") { topic.taken.count == number }
      }
      await relay.stop()
    }
  }

  @Test("audit messages go to the audit queue, without an event type; another module's rows are left alone")
  func audit() async throws {
    try await TestDatabase.run { test in
      let broker = PostgresBroker(database: test.database, loop: Loops.shared.loops[0], clock: SystemClock())
      try await broker.create(topics: [], queues: [QueueDefinition("audit")], deadline: .soon)
      let queue = broker.queue("audit")
      let published = Mutex<[PublishedMessage]>([])
      let bus = EventBus()
      bus.subscribe(to: PublishedMessage.self, as: "test") { message in
        if message.isAudit { published.withLock { $0.append(message) } }
      }
      let relay = relay(test, SwitchableTopic(), audit: queue, bus: bus)
      await relay.start()
      let message = AuditMessage(
        what: "NON_ASSOCIATION_CREATED",
        subject: "A/B",
        record: "42",
        message: Array("{}".utf8)
      )
      try await test.observer.withTransaction(deadline: .soon) { transaction in
        try await PostgresOutbox(module: "non-associations", destinations: .test).append(
          event("A/B", 1),
          message,
          in: transaction
        )
        try await PostgresOutbox(module: "restricted-patients", destinations: .test).append(
          event("A", 1),
          nil,
          in: transaction
        )
      }
      let received = try await queue.receive(
        limit: 10,
        wait: .seconds(20),
        visibilityTimeout: nil,
        deadline: .soon
      )
      #expect(received.map(\.body) == [Array("{}".utf8)])
      #expect(received.first.map { Array($0.attributes.keys) } == ["traceparent"])
      try await eventually("the bus is told") { published.withLock { $0.count } == 1 }
      #expect(published.withLock { $0.first?.module } == "non-associations")
      #expect(published.withLock { $0.first?.type } == "NON_ASSOCIATION_CREATED")
      #expect(published.withLock { $0.first?.record } == "42")
      #expect(published.withLock { $0.first?.messageID } == received.first?.id)
      try await eventually("only the other module's row is left") { try await unpublished(test) == 1 }
      await relay.stop()
      await broker.stop()
    }
  }

  @Test("two relays publish every event once and each subject's in order, while sessions are killed")
  func severalRelays() async throws {
    try await TestDatabase.run { test in
      let topic = SwitchableTopic()
      let relays = (0..<3).map { _ in relay(test, topic) }
      for relay in relays { await relay.start() }
      for number in 1...30 {
        try await test.append((0..<8).map { event("S\($0)", number) })
        if number.isMultiple(of: 6) { try await test.killBackends() }
      }
      try await eventually("everything is published") { try await unpublished(test) == 0 }
      let numbers = topic.numbers
      #expect(numbers.count == 8)
      for (subject, list) in numbers {
        // A mark lost with its session makes an event come twice; nothing is left out and nothing overtakes.
        var highest = 0
        for number in list {
          #expect(number <= highest + 1, "\(subject): \(list)")
          highest = max(highest, number)
        }
        #expect(highest == 30, "\(subject): \(list)")
      }
      for relay in relays { await relay.stop() }
    }
  }

  @Test("a later event of a subject waits for an earlier one that another relay has claimed")
  func claimedElsewhere() async throws {
    try await TestDatabase.run { test in
      let slow = SwitchableTopic()
      slow.hold()
      let first = relay(test, slow)
      await first.start()
      try await test.append([event("A", 1)])
      try await eventually("the first relay is publishing") { slow.heldCount == 1 }
      let topic = SwitchableTopic()
      let second = relay(test, topic)
      await second.start()
      try await test.append([event("A", 2), event("B", 1)])
      try await eventually("the other subject goes on") { topic.numbers["B"] == [1] || slow.heldCount == 2 }
      #expect(topic.numbers["A"] == nil)
      await second.stop()
      slow.release()
      try await eventually("all is published") { try await unpublished(test) == 0 }
      #expect(slow.numbers["A"] == [1, 2])
      await first.stop()
    }
  }

  @Test("a claim ends by itself, and who lost it can no longer mark the row")
  func fencing() async throws {
    try await TestDatabase.run { test in
      let store = OutboxStore(
        database: test.database,
        stream: OutboxStream(module: "non-associations", kind: .event)
      )
      func claim(_ number: Int64, for duration: Duration) async throws -> [OutboxRow] {
        try await store.claim(
          limit: 10,
          claim: number,
          for: duration,
          prefersUntried: false,
          deadline: .soon
        )
      }
      try await test.append([event("A", 1), event("A", 2)])
      let lost = try await claim(1, for: .milliseconds(1))
      #expect(lost.count == 1)
      var taken: [OutboxRow] = []
      try await eventually("the claim has ended") {
        taken = try await claim(2, for: .seconds(60))
        return !taken.isEmpty
      }
      #expect(taken.map(\.id) == lost.map(\.id))
      var settlement = OutboxStore.Settlement()
      settlement.published = lost.map(\.id)
      #expect(try await store.settle(settlement, claim: 1, deadline: .soon) == 0)
      #expect(try await unpublished(test) == 2)
      #expect(try await store.settle(settlement, claim: 2, deadline: .soon) == 1)
      #expect(try await store.settle(settlement, claim: 2, deadline: .soon) == 0)
      #expect(try await unpublished(test) == 1)
    }
  }

  @Test("while the broker is away nothing is lost or set aside, and all is published when it is back")
  func brokerAway() async throws {
    try await TestDatabase.run { test in
      for kind in [BrokerError.Kind.unavailable, .throttled, .denied, .notFound, .misconfigured] {
        let topic = SwitchableTopic()
        topic.fail(BrokerError(kind, "cut off"))
        let relay = relay(test, topic)
        await relay.start()
        for number in 1...5 { try await test.append([event("A", number), event("B", number)]) }
        try await eventually("it was tried often") { topic.calls > 30 }
        let away = try await relay.statistics(deadline: .soon)
        #expect(away.depth == 10)
        #expect(away.setAside == 0)
        #expect(away.oldestAge != nil)
        #expect(away.lastError?.contains("cut off") == true)
        topic.fail(nil)
        try await eventually("all is published") { try await unpublished(test) == 0 }
        #expect(topic.numbers == ["A": [1, 2, 3, 4, 5], "B": [1, 2, 3, 4, 5]])
        #expect(try await relay.statistics(deadline: .soon).lastError == nil)
        await relay.stop()
      }
    }
  }

  private func administration(_ test: TestDatabase) -> OutboxAdministration {
    OutboxAdministration(module: "non-associations", database: test.database)
  }

  @Test("a message whose content the broker refuses is set aside and blocks nobody, until it is tried again")
  func poison() async throws {
    try await TestDatabase.run { test in
      let topic = SwitchableTopic()
      topic.refuse { $0.contains("\"refused\"") ? BrokerError(.refused, "too large") : nil }
      try await test.append([event("refused", 1), event("good", 1), event("refused", 2)])
      let relay = relay(test, topic)
      await relay.start()
      try await eventually("the rest goes on") {
        try await relay.statistics(deadline: .soon).setAside == 2 && topic.numbers == ["good": [1]]
      }
      #expect(try await relay.statistics(deadline: .soon).depth == 0)
      let (found, entries) = try await administration(test).setAside(limit: 1, deadline: .soon)
      #expect(found == 2)
      #expect(entries.map(\.kind) == ["event"])
      #expect(entries.map(\.eventType) == ["non-associations.created"])
      #expect(entries.map(\.reason) == ["too large"])
      #expect(entries.map(\.attempts) == [1])
      #expect(entries.allSatisfy { $0.recordedAt <= $0.setAsideAt })
      let other = OutboxAdministration(module: "restricted-patients", database: test.database)
      #expect(try await other.setAside(limit: 100, deadline: .soon).found == 0)
      #expect(try await other.retry(deadline: .soon) == 0)
      topic.refuse { _ in nil }
      #expect(try await administration(test).retry(deadline: .soon) == 2)
      try await eventually("what can be sent is sent") { topic.numbers["refused"] == [1, 2] }
      #expect(try await administration(test).setAside(limit: 100, deadline: .soon).entries.isEmpty)
      await relay.stop()
    }
  }

  @Test(
    "a row that fails while others get through is tried for ever, the later ones of its subject behind it"
  )
  func failingRow() async throws {
    try await TestDatabase.run { test in
      for kind in [BrokerError.Kind.unavailable, .throttled, .denied, .notFound, .misconfigured] {
        let topic = SwitchableTopic()
        topic.refuse { $0.contains("\"failing\"") ? BrokerError(kind, "not now") : nil }
        try await test.append([event("failing", 1), event("failing", 2)])
        let relay = relay(test, topic)
        await relay.start()
        var number = 0
        try await eventually("it was tried more often than anybody counts", within: patience) {
          number += 1
          try await test.append([event("good", number)])
          return try await test.count("gateway_outbox", where: "attempts >= 20") == 1
        }
        #expect(topic.numbers["failing"] == nil)
        #expect(try await relay.statistics(deadline: .soon).setAside == 0)
        // As after a very long time.
        try await test.change("update gateway_outbox set attempts = 2147483647 where attempts >= 20")
        try await test.append([event("good", number + 1)])
        try await eventually("the good ones go on", within: patience) {
          topic.numbers["good"]?.last == number + 1
        }
        topic.refuse { _ in nil }
        try await eventually("both are published, in order", within: patience) {
          topic.numbers["failing"] == [1, 2]
        }
        await relay.stop()
        try await test.change("delete from gateway_outbox")
      }
    }
  }

  @Test(
    "a row that the broker does not take, alone in a quiet outbox, does not hold up the next of another subject"
  )
  func aloneInTheOutbox() async throws {
    try await TestDatabase.run { test in
      var settings = brisk
      settings.initialBackOff = .seconds(3600)
      settings.maximumBackOff = .seconds(3600)
      let topic = SwitchableTopic()
      topic.refuse { $0.contains("\"failing\"") ? BrokerError(.misconfigured, "not now") : nil }
      try await test.append([event("failing", 1)])
      let relay = relay(test, topic, settings)
      await relay.start()
      try await eventually("it was tried") { topic.calls > 0 }
      for number in 1...3 {
        try await test.append([event("good", number)])
        try await eventually("the good one goes out") { topic.numbers["good"]?.last == number }
      }
      await relay.stop()
    }
  }

  @Test("rows are claimed as far as there is room for their messages, and at least one")
  func large() async throws {
    try await TestDatabase.run { test in
      let store = OutboxStore(
        database: test.database,
        stream: OutboxStream(module: "non-associations", kind: .event)
      )
      try await test.change(
        """
        insert into gateway_outbox (module, kind, subject, event_type, message)
        select 'non-associations', 'event', 'S' || n, 't', convert_to(repeat('x', 3 * 1024 * 1024), 'UTF8')
        from generate_series(1, 8) n
        """
      )
      for (claim, count) in [(Int64(1), 3), (2, 3), (3, 2), (4, 0)] {
        let rows = try await store.claim(
          limit: 100,
          claim: claim,
          for: .seconds(60),
          prefersUntried: false,
          deadline: .soon
        )
        #expect(rows.count == count)
      }
    }
  }

  @Test("a row that was meant for another topic or queue is set aside and never sent; one that notes none is")
  func misdirected() async throws {
    try await TestDatabase.run { test in
      let broker = PostgresBroker(database: test.database, loop: Loops.shared.loops[0], clock: SystemClock())
      try await broker.create(topics: [], queues: [QueueDefinition("audit")], deadline: .soon)
      let production = PostgresOutbox(
        module: "non-associations",
        destinations: OutboxDestinations(topic: "production-topic", auditQueue: "production-audit")
      )
      let message = AuditMessage(what: "X", subject: "A", record: "1", message: Array("{}".utf8))
      try await test.observer.withTransaction(deadline: .soon) { transaction in
        try await production.append(event("A", 1), message, in: transaction)
      }
      try await test.append([event("A", 2), event("B", 1)])
      // As a release before the column wrote it.
      try await test.change("update gateway_outbox set destination = null where subject = 'B'")
      let topic = SwitchableTopic()
      let relay = relay(test, topic, audit: broker.queue("audit"))
      await relay.start()
      try await eventually("it is set aside") { try await relay.statistics(deadline: .soon).setAside == 2 }
      try await eventually("the others go on") { topic.numbers == ["A": [2], "B": [1]] }
      let reasons = try await administration(test).setAside(limit: 9, deadline: .soon).entries.map(\.reason)
      #expect(
        reasons == [
          "it was meant for production-topic, and is never sent to test-topic",
          "it was meant for production-audit, and is never sent to audit",
        ]
      )
      #expect(try await administration(test).retry(deadline: .soon) == 2)
      try await eventually("it is set aside again") {
        try await relay.statistics(deadline: .soon).setAside == 2
      }
      #expect(topic.numbers == ["A": [2], "B": [1]])
      #expect(try await broker.queue("audit").status(deadline: .soon).messagesOnQueue == 0)
      await relay.stop()
      await broker.stop()
    }
  }

  @Test("published rows are kept for a while and then deleted in batches; others stay")
  func pruning() async throws {
    try await TestDatabase.run { test in
      var settings = brisk
      settings.pruneBatchSize = 3
      settings.pruneInterval = .milliseconds(10)
      settings.retention = .seconds(3600)
      let topic = SwitchableTopic()
      let relay = relay(test, topic, settings)
      try await test.append((1...10).map { event("S\($0)", $0) })
      await relay.start()
      try await eventually("all is published") { try await unpublished(test) == 0 }
      try await test.change(
        "update gateway_outbox set published_at = now() - interval '2 hours' where subject <> 'S10'"
      )
      try await eventually("the old rows are gone") { try await test.count("gateway_outbox") == 1 }
      await relay.stop()
    }
  }

  @Test("a relay that is stopped finishes what it has begun, and another takes up the rest")
  func stopping() async throws {
    try await TestDatabase.run { test in
      let topic = SwitchableTopic()
      topic.hold()
      let first = relay(test, topic)
      await first.start()
      try await test.append([event("A", 1)])
      try await eventually("it is publishing") { topic.heldCount == 1 }
      let stopped = Task { await first.stop() }
      try await test.append([event("A", 2)])
      topic.release()
      await stopped.value
      #expect(topic.numbers == ["A": [1]])
      #expect(try await unpublished(test) == 1)
      let second = relay(test, topic)
      await second.start()
      try await eventually("the other publishes the rest") { topic.numbers == ["A": [1, 2]] }
      await second.stop()
    }
  }
}
