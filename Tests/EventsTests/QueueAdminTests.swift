import EventLoops
import HTTPTransport
import HTTPTypes
import JSON
import PlatformTestKit
import ServiceKit
import Synchronization
import TestKit
import Testing

@testable import Events

@Suite struct QueueAdminTests {
  private static let role = "NON_ASSOCIATIONS_API_QUEUE_ADMIN"
  private static let otherRole = "SYSCON__QUEUE_ADMIN"

  private func group(_ fixture: BrokerFixture, isOpen: Bool = true) -> QueueAdminGroup {
    QueueAdminGroup(
      role: Self.role,
      isRetryAllOpen: isOpen,
      queues: [
        AdministeredQueue(id: "main", queue: fixture.queue, deadLetterQueue: fixture.deadLetters),
        AdministeredQueue(id: "audit", queue: fixture.audit, deadLetterQueue: nil, isPurgeable: false),
      ],
      telemetry: RecordingTelemetry()
    )
  }

  /// The queues of another module on the same broker.
  private func otherGroup(_ fixture: BrokerFixture) async throws -> QueueAdminGroup {
    try await fixture.broker.create(
      topics: [],
      queues: [QueueDefinition("other", deadLetterQueue: "other-dlq")],
      deadline: .soon
    )
    return QueueAdminGroup(
      role: Self.otherRole,
      isRetryAllOpen: false,
      queues: [
        AdministeredQueue(
          id: "other",
          queue: fixture.broker.queue("other"),
          deadLetterQueue: fixture.broker.queue("other-dlq")
        )
      ],
      telemetry: RecordingTelemetry()
    )
  }

  @Test("dead letters are listed, retried and handled again with body and attributes")
  func listAndRetry() async throws {
    try await BrokerFixture.run { fixture in
      let telemetry = RecordingTelemetry()
      let caller = try AdminCaller([group(fixture)], telemetry: telemetry)
      let bodies = ["{\"id\":9007199254740993,\"b\":[1.0,null]}", "not JSON", "{\"Message\":\"a\nb\"}"]
      for body in bodies { try await fixture.send(body, to: fixture.deadLetters) }
      let list = "/queue-admin/get-dlq-messages/main-dlq"
      let (status, two) = try await caller.send(.get, "\(list)?maxMessages=2", role: Self.role)
      #expect(status == 200)
      #expect(two.hasPrefix("{\"messagesFoundCount\":3,\"messagesReturnedCount\":2,\"messages\":[{\"body\":"))
      func isAllSeen() async throws -> Bool {
        try await fixture.deadLetters.status(deadline: .soon).messagesOnQueue == 3
      }
      try await eventually("what was listed is seen again", isAllSeen)
      let all = try await caller.send(.get, list, role: Self.role).1
      #expect(all.contains("\"messagesReturnedCount\":3"))
      #expect(all.contains("{\"body\":{\"id\":9007199254740993,\"b\":[1.0,null]},\"messageId\":\""))
      #expect(all.contains("{\"body\":\"not JSON\",\"messageId\":\""))
      #expect(all.contains("{\"body\":{\"Message\":\"a\\u000Ab\"},"))
      guard case .object = try JSONValue(parsing: Array(all.utf8)) else {
        Issue.record("no JSON object")
        return
      }
      let none = try await caller.send(.get, "\(list)?maxMessages=-1", role: Self.role).1
      #expect(none.hasSuffix("\"messagesReturnedCount\":-1,\"messages\":[]}"))
      #expect(
        try await caller.send(.get, "\(list)?maxMessages=x", role: Self.role) == (400, "maxMessages int")
      )
      try await eventually("the dead letters are seen again", isAllSeen)
      let retry = "/queue-admin/retry-dlq/main-dlq"
      #expect(try await caller.send(.put, retry, role: Self.role) == (200, "{\"messagesFoundCount\":3}"))
      #expect(try await caller.send(.put, retry, role: Self.role) == (200, "{\"messagesFoundCount\":0}"))
      #expect(Set(try await fixture.receive().map(\.text)) == Set(bodies))
      #expect(
        telemetry.events == [TelemetryEvent("RetryDLQ", ["dlq-name": "main-dlq", "messages-found": "3"])]
      )
    }
  }

  @Test("more dead letters than one receive gives are each listed once")
  func longList() async throws {
    try await BrokerFixture.run { fixture in
      for number in 0..<35 { try await fixture.send("{\"n\":\(number)}", to: fixture.deadLetters) }
      let admin = QueueAdmin(telemetry: RecordingTelemetry(), logger: quiet)
      let (found, messages) = try await admin.deadLetters(
        of: fixture.deadLetters,
        limit: 100,
        deadline: .soon
      )
      #expect(found == 35)
      #expect(Set(messages.map(\.text)).count == 35)
      #expect(messages.count == 35)
    }
  }

  @Test("queues and dead-letter queues are purged, the audit queue never")
  func purge() async throws {
    try await BrokerFixture.run { fixture in
      let telemetry = RecordingTelemetry()
      let caller = try AdminCaller([group(fixture)], telemetry: telemetry)
      for _ in 1...5 { try await fixture.send("a", to: fixture.deadLetters) }
      try await fixture.send("a", to: fixture.audit)
      func purge(_ name: String) async throws -> (Int, String) {
        try await caller.send(.put, "/queue-admin/purge-queue/\(name)", role: Self.role)
      }
      #expect(try await purge("main-dlq") == (200, "{\"messagesFoundCount\":5}"))
      #expect(try await purge("main") == (200, "{\"messagesFoundCount\":0}"))
      #expect(try await purge("audit") == (404, "audit not found"))
      #expect(try await purge("nowhere") == (404, "nowhere not found"))
      #expect(try await fixture.audit.status(deadline: .soon).messagesOnQueue == 1)
      #expect(
        telemetry.events == [TelemetryEvent("PurgeQueue", ["queue-name": "main-dlq", "messages-found": "5"])]
      )
    }
  }

  @Test("retry-all is free for a direct call only, and reports each queue")
  func retryAll() async throws {
    try await BrokerFixture.run { fixture in
      let path = "/queue-admin/retry-all-dlqs"
      let open = try AdminCaller([group(fixture)], telemetry: RecordingTelemetry())
      for _ in 1...2 { try await fixture.send("a", to: fixture.deadLetters) }
      let counts = "[{\"messagesFoundCount\":2},{\"messagesFoundCount\":0}]"
      #expect(try await open.send(.put, path) == (200, counts))
      for name in ["X-Forwarded-For", "x-forwarded-proto", "Forwarded", "X-Real-IP", "Via"] {
        var fields: HeaderFields = [:]
        fields.append(try #require(HTTPField.Name(name)), "10.0.0.1")
        #expect(try await open.send(.put, path, fields).0 == 401)
        #expect(try await open.send(.put, path, role: "OTHER", fields).0 == 403)
        #expect(try await open.send(.put, path, role: Self.role, fields).0 == 200)
      }
      let closed = try AdminCaller([group(fixture, isOpen: false)], telemetry: RecordingTelemetry())
      #expect(try await closed.send(.put, path).0 == 401)
      #expect(try await closed.send(.put, path, role: "OTHER").0 == 403)
      #expect(try await closed.send(.put, path, role: Self.role).0 == 200)
    }
  }

  @Test(
    "without a token it is 401, without the role 403",
    arguments: [
      (HTTPRequest.Method.put, "/queue-admin/retry-dlq/main-dlq"), (.put, "/queue-admin/purge-queue/main"),
      (.get, "/queue-admin/get-dlq-messages/main-dlq"), (.get, "/queue-admin/get-dlq-messages/nowhere"),
    ]
  )
  func access(method: HTTPRequest.Method, path: String) async throws {
    try await BrokerFixture.run { fixture in
      for groups in [[group(fixture)], [group(fixture), try await otherGroup(fixture)]] {
        let caller = try AdminCaller(groups, telemetry: RecordingTelemetry())
        #expect(try await caller.send(method, path).0 == 401)
        #expect(try await caller.send(method, path, role: "ANYTHING").0 == 403)
        let expected = path.hasSuffix("nowhere") ? 404 : 200
        #expect(try await caller.send(method, path, role: Self.role).0 == expected)
      }
    }
  }

  @Test("the union finds a queue of either module, for who holds the role of that module")
  func union() async throws {
    try await BrokerFixture.run { fixture in
      let groups = [group(fixture), try await otherGroup(fixture)]
      let caller = try AdminCaller(groups, telemetry: RecordingTelemetry())
      let other = "/queue-admin/retry-dlq/other-dlq"
      #expect(try await caller.send(.put, other, role: Self.otherRole).0 == 200)
      #expect(try await caller.send(.put, other, role: Self.role).0 == 403)
      #expect(try await caller.send(.put, "/queue-admin/retry-dlq/main-dlq", role: Self.otherRole).0 == 403)
      #expect(try await caller.send(.put, "/queue-admin/retry-dlq/x", role: Self.otherRole).0 == 404)
      let zero = "{\"messagesFoundCount\":0}"
      let all = "/queue-admin/retry-all-dlqs"
      #expect(try await caller.send(.put, all) == (200, "[\(zero),\(zero)]"))
      let both = try await caller.send(.put, all, role: Self.otherRole)
      #expect(both == (200, "[\(zero),\(zero),\(zero)]"))
      var fields: HeaderFields = [:]
      fields.append(try #require(HTTPField.Name("X-Forwarded-For")), "10.0.0.1")
      #expect(try await caller.send(.put, all, role: Self.otherRole, fields) == (200, "[\(zero)]"))
    }
  }

  @Test("one failing queue does not keep the others from being retried")
  func retryAllFailure() async throws {
    try await BrokerFixture.run { fixture in
      try await fixture.send("a", to: fixture.deadLetters)
      let missing = AdministeredQueue(
        id: "missing",
        queue: fixture.queue,
        deadLetterQueue: fixture.broker.queue("missing-dlq")
      )
      let admin = QueueAdmin(telemetry: RecordingTelemetry(), logger: quiet)
      let entries = [missing] + group(fixture).queues
      await #expect(throws: BrokerError.self) { try await admin.retryAll(entries, deadline: .soon) }
      #expect(try await fixture.receive().map(\.text) == ["a"])
    }
  }

  @Test("the periodic redrive takes turns between replicas, and tells what keeps failing")
  func redrive() async throws {
    try await BrokerFixture.run { fixture in
      let telemetry = RecordingTelemetry()
      let clock = ManualClock()
      let replicas = (0..<2).map { _ in
        DeadLetterRedrive(
          name: "non-associations",
          queues: group(fixture).queues,
          interval: .milliseconds(100),
          database: fixture.test.database,
          admin: QueueAdmin(telemetry: telemetry, logger: quiet),
          clock: clock,
          loop: Loops.shared.loops[0],
          logger: quiet
        )
      }
      for replica in replicas { await replica.start() }
      for _ in 1...4 {
        try await fixture.send("a", to: fixture.deadLetters)
        try await eventually("both wait for their turn") { clock.timers == 2 }
        clock.advance(by: .milliseconds(99))
        #expect(clock.timers == 2, "not before the interval is over")
        try await eventually("it is on the queue again") {
          // Leases go by the database's clock: a turn that comes too early for it is left out.
          if clock.timers == 2 { clock.advance(by: .milliseconds(100)) }
          let messages = try await fixture.receive(wait: .seconds(1))
          _ = try await fixture.queue.delete(receipts: messages.map(\.receipt), deadline: .soon)
          return !messages.isEmpty
        }
      }
      // One turn may take what came during it.
      #expect((1...4).contains(telemetry.events.count))
      for replica in replicas { await replica.stop() }
      let lease = Lease(name: "turn", database: fixture.test.database)
      #expect(try await lease.take(for: .seconds(60), deadline: .soon))
      #expect(try await !lease.take(for: .seconds(60), deadline: .soon))
      #expect(
        try await Lease(name: "other", database: fixture.test.database).take(for: .zero, deadline: .soon)
      )
      try await eventually("a lease ends by itself") {
        try await Lease(name: "other", database: fixture.test.database).take(for: .zero, deadline: .soon)
      }
    }
  }
}
