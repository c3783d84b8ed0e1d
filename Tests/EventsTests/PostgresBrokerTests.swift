import EventLoops
import Events
import JSON
import ServiceKit
import TestKit
import Testing
import Time

@Suite struct PostgresBrokerTests {
  @Test("creating everything twice changes nothing and keeps the messages")
  func idempotent() async throws {
    try await BrokerFixture.run { fixture in
      try await fixture.send("kept")
      try await fixture.create(4)
      #expect(try await fixture.topic.status(deadline: .soon).confirmedSubscriptions == 2)
      let status = try await fixture.queue.status(deadline: .soon)
      #expect(status.maxReceiveCount == 4)
      #expect(status.deadLetterQueueARN == BrokerARN.queue("main-dlq"))
      #expect(status.visibilityTimeout == .seconds(30))
      #expect(try await fixture.receive().map(\.text) == ["kept"])
    }
  }

  @Test("a published message reaches the queues whose filter it passes, in an envelope")
  func filters() async throws {
    try await BrokerFixture.run { fixture in
      try await fixture.publish("{\"n\":1}", type: "merged")
      try await fixture.publish("{\"n\":2}", type: "other")
      try await fixture.publish("{\"n\":3}", type: nil)
      try await fixture.publish("{\"n\":4}", type: "moved")
      func messages(_ queue: PostgresQueue) async throws -> [String] {
        try await fixture.receive(queue).map { try NotificationEnvelope(parsing: $0.body).message }
      }
      #expect(try await messages(fixture.audit) == (1...4).map { "{\"n\":\($0)}" })
      let received = try await fixture.receive()
      #expect(received.map(\.attributes) == [[:], [:]])
      let envelope = try NotificationEnvelope(parsing: try #require(received.first).body)
      #expect(envelope.message == "{\"n\":1}")
      #expect(envelope.eventType == "merged")
      #expect(envelope.messageID?.utf8.count == 36)
      guard case .object(let members) = try JSONValue(parsing: try #require(received.first).body) else {
        Issue.record("no object")
        return
      }
      #expect(members["Type"] == .string("Notification"))
      #expect(members["TopicArn"] == .string(BrokerFixture.topicARN))
      #expect(try NotificationEnvelope(parsing: received[1].body).message == "{\"n\":4}")
    }
  }

  @Test("filter policies of exact texts are understood, all else is refused")
  func filterPolicies() throws {
    let policy = try FilterPolicy(json: "{\"eventType\":[\"a\",\"b\"],\"source\":[\"c\"]}")
    #expect(policy.attributes == ["eventType": ["a", "b"], "source": ["c"]])
    #expect(policy.json == "{\"eventType\":[\"a\",\"b\"],\"source\":[\"c\"]}")
    for text in ["", "[]", "{\"a\":\"b\"}", "{\"a\":[1]}", "{\"a\":[{\"prefix\":\"b\"}]}"] {
      #expect(throws: BrokerError.self) { try FilterPolicy(json: text) }
    }
  }

  @Test("a received message is hidden until its time is over, and each delivery has its own receipt")
  func visibility() async throws {
    try await BrokerFixture.run { fixture in
      let id = try await fixture.send("a")
      let first = try #require(try await fixture.receive(hidden: .milliseconds(50)).first)
      #expect(first.id == id)
      #expect(first.receiveCount == 1)
      #expect(try await fixture.receive().isEmpty)
      let second = try #require(try await fixture.receive(wait: .seconds(20)).first)
      #expect(second.id == id)
      #expect(second.receiveCount == 2)
      #expect(second.receipt != first.receipt)
      #expect(try await fixture.queue.delete(receipts: [first.receipt], deadline: .soon) == [first.receipt])
      await #expect(throws: BrokerError.self) {
        try await fixture.queue.changeVisibility(receipt: first.receipt, timeout: .zero, deadline: .soon)
      }
      #expect(try await fixture.queue.status(deadline: .soon).messagesInFlight == 1)
      #expect(try await fixture.queue.delete(receipts: [second.receipt], deadline: .soon) == [])
      #expect(try await fixture.queue.delete(receipts: [second.receipt, "x"], deadline: .soon) == ["x"])
      #expect(try await fixture.test.count("gateway_queue_message") == 0)
    }
  }

  @Test("changing visibility to nothing shows the message to a consumer that waits")
  func changeVisibility() async throws {
    try await BrokerFixture.run { fixture in
      try await fixture.send("a")
      let first = try #require(try await fixture.receive().first)
      let waiting = Task(executorPreference: Loops.shared.loops[0]) {
        try await fixture.receive(wait: .seconds(20))
      }
      try await fixture.queue.changeVisibility(receipt: first.receipt, timeout: .zero, deadline: .soon)
      #expect(try await waiting.value.map(\.receiveCount) == [2])
    }
  }

  @Test("a consumer that waits gets a message as soon as it is sent; one that is cancelled returns")
  func longPoll() async throws {
    try await BrokerFixture.run { fixture in
      for number in 1...10 {
        let waiting = Task(executorPreference: Loops.shared.loops[number % 2]) {
          try await fixture.receive(wait: .seconds(20))
        }
        try await fixture.send("\(number)")
        let messages = try await waiting.value
        #expect(messages.map(\.text) == ["\(number)"])
        _ = try await fixture.queue.delete(receipts: messages.map(\.receipt), deadline: .soon)
      }
      let waiting = Task(executorPreference: Loops.shared.loops[0]) {
        try await fixture.receive(wait: .seconds(20))
      }
      waiting.cancel()
      _ = await waiting.result
    }
  }

  @Test("no message goes to two consumers at once")
  func parallelReceives() async throws {
    try await BrokerFixture.run { fixture in
      for number in 0..<60 { try await fixture.send("\(number)") }
      let texts = try await withThrowingTaskGroup(of: [String].self) { group in
        for index in 0..<6 {
          group.addTask(executorPreference: Loops.shared.loops[index % 2]) {
            var texts: [String] = []
            while true {
              let messages = try await fixture.receive(limit: 3)
              if messages.isEmpty, try await fixture.queue.status(deadline: .soon).messagesOnQueue == 0 {
                return texts
              }
              texts += messages.map(\.text)
            }
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(texts.compactMap { Int($0) }.sorted() == Array(0..<60))
    }
  }

  @Test(
    "after its last delivery a message moves to the dead-letter queue, and redriving brings it back whole"
  )
  func deadLetters() async throws {
    try await BrokerFixture.run(maximumReceiveCount: 2) { fixture in
      let attributes = ["eventType": MessageAttribute(value: "merged")]
      let id = try await fixture.queue.send(
        OutgoingMessage(body: Array("a".utf8), attributes: attributes),
        deadline: .soon
      )
      for count in 1...2 { #expect(try await fixture.receive(hidden: .zero).map(\.receiveCount) == [count]) }
      #expect(try await fixture.receive().isEmpty)
      #expect(try await fixture.deadLetters.status(deadline: .soon).messagesOnQueue == 1)
      let dead = try #require(try await fixture.receive(fixture.deadLetters, hidden: .zero).first)
      #expect(dead.id == id)
      try await fixture.deadLetters.redrive(to: fixture.queue, deadline: .soon)
      #expect(try await fixture.deadLetters.status(deadline: .soon).messagesOnQueue == 0)
      let back = try #require(try await fixture.receive().first)
      #expect(back.text == "a")
      #expect(back.attributes == attributes)
      #expect(back.receiveCount == 1)
      #expect(back.id != id)
    }
  }

  @Test("purging deletes all that is on a queue, and only that")
  func purge() async throws {
    try await BrokerFixture.run { fixture in
      for _ in 1...3 { try await fixture.send("a") }
      try await fixture.send("b", to: fixture.audit)
      try await fixture.queue.purge(deadline: .soon)
      #expect(try await fixture.queue.status(deadline: .soon).messagesOnQueue == 0)
      #expect(try await fixture.audit.status(deadline: .soon).messagesOnQueue == 1)
    }
  }

  @Test("what is not there is not found, and what no broker takes is refused")
  func errors() async throws {
    try await BrokerFixture.run { fixture in
      let nowhere = fixture.broker.queue("nowhere")
      func kind(_ body: () async throws -> Void) async -> BrokerError.Kind? {
        do {
          try await body()
          return nil
        } catch {
          return (error as? BrokerError)?.kind
        }
      }
      #expect(await kind { try await fixture.send("a", to: nowhere) } == .notFound)
      #expect(await kind { _ = try await fixture.receive(nowhere) } == .notFound)
      #expect(await kind { _ = try await nowhere.status(deadline: .soon) } == .notFound)
      let topic = fixture.broker.topic(arn: BrokerARN.topic("nowhere"))
      let message = OutgoingMessage(body: [0x61])
      #expect(await kind { _ = try await topic.publish(message, deadline: .soon) } == .notFound)
      #expect(await kind { _ = try await topic.status(deadline: .soon) } == .notFound)
      let large = String(repeating: "a", count: 1_048_577)
      for text in ["", "a\0b", large] { #expect(await kind { try await fixture.send(text) } == .refused) }
      let bytes = OutgoingMessage(body: [0xFF])
      #expect(await kind { _ = try await fixture.queue.send(bytes, deadline: .soon) } == .refused)
      try await fixture.send(String(large.dropLast()))
      let full = OutgoingMessage(body: Array(repeating: 0x61, count: 262_144))
      _ = try await fixture.topic.publish(full, deadline: .soon)
      let fuller = OutgoingMessage(body: full.body, attributes: ["a": MessageAttribute(value: "b")])
      #expect(await kind { _ = try await fixture.topic.publish(fuller, deadline: .soon) } == .refused)
      let expired = MonotonicInstant(nanoseconds: 1)
      #expect(await kind { _ = try await fixture.queue.status(deadline: expired) } == .unavailable)
    }
  }

  @Test("killed sessions cost a call, not the queue")
  func killedSessions() async throws {
    try await BrokerFixture.run { fixture in
      for number in 1...5 {
        let waiting = Task(executorPreference: Loops.shared.loops[0]) {
          while true {
            do {
              let messages = try await fixture.receive(wait: .seconds(20))
              if !messages.isEmpty { return messages }
            } catch let error as BrokerError where error.isTemporary {
              continue
            }
          }
        }
        try await fixture.test.killBackends()
        try await eventually("the message is sent") { (try? await fixture.send("\(number)")) != nil }
        #expect(try await waiting.value.first?.text == "\(number)")
      }
    }
  }
}
