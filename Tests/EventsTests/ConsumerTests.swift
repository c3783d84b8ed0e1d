import EventLoops
import InMemoryLogging
import JSON
import Logging
import PlatformTestKit
import Postgres
import ServiceKit
import Synchronization
import TestKit
import Testing
import Time

@testable import Events

@Suite struct ConsumerTests {
  struct Poison: Error {}

  private func consumer(
    _ fixture: BrokerFixture,
    _ handler: any MessageHandler,
    _ retryPolicy: RetryPolicy = .immediate,
    queue: (any MessageQueue)? = nil,
    telemetry: any Telemetry = RecordingTelemetry(),
    logger: Logger = quiet,
    _ configure: (inout ConsumerSettings) -> Void = { _ in }
  ) -> QueueConsumer {
    var settings = ConsumerSettings()
    settings.acknowledgementInterval = .milliseconds(50)
    settings.initialPollBackOff = .milliseconds(5)
    settings.maximumPollBackOff = .milliseconds(50)
    configure(&settings)
    return QueueConsumer(
      id: "nonassociations",
      queue: queue ?? fixture.queue,
      deadLetterQueue: fixture.deadLetters,
      handler: handler,
      retryPolicy: retryPolicy,
      settings: settings,
      telemetry: telemetry,
      loop: Loops.shared.loops[0],
      logger: logger
    )
  }

  private func isEmpty(_ fixture: BrokerFixture) async throws -> Bool {
    try await fixture.test.count("gateway_queue_message", where: "queue = 'main'") == 0
  }

  @Test("messages are handled once, at most ten at a time, and deleted")
  func handles() async throws {
    try await BrokerFixture.run { fixture in
      let level = Mutex((now: 0, highest: 0))
      let handler = ClosureHandler { _ in
        level.withLock { level in
          level.now += 1
          level.highest = max(level.highest, level.now)
        }
        try await Task.sleep(for: .milliseconds(5))
        level.withLock { $0.now -= 1 }
      }
      let consumer = consumer(fixture, handler)
      await consumer.start()
      for number in 0..<60 { try await fixture.send("\(number)") }
      try await eventually("all are deleted", within: patience) { try await isEmpty(fixture) }
      #expect(handler.messages.count == 60)
      #expect(Set(handler.messages.map(\.text)).count == 60)
      #expect(level.withLock { $0.highest } <= 10)
      let statistics = await consumer.statistics()
      #expect(statistics.handled == 60)
      #expect(statistics.failed == 0)
      #expect(statistics.inFlight == 0)
      await consumer.stop()
    }
  }

  @Test(
    "the table of error visibility (docs/contract/platform.md §5.4)",
    arguments: [
      ([1, 10, 60, 600], 4, [1, 10, 60, 0]), ([1, 10, 60, 600], 5, [1, 10, 60, 600, 0]),
      ([1, 10], nil, [1, 10, 10, 10]), ([0], 3, [0, 0, 0]), ([], nil, [0, 0]), ([7], 1, [0]),
    ] as [([Int], Int?, [Int])]
  )
  func backOffTable(list: [Int], limit: Int?, expected: [Int]) {
    let rule = RetryPolicy(list, eventTimeouts: ["special": [5]])
    for (index, seconds) in expected.enumerated() {
      let decision = rule.decision(eventType: "any", receiveCount: index + 1, maxReceiveCount: limit)
      #expect(decision == .init(seconds: seconds, isLast: index + 1 == limit))
    }
    #expect(rule.decision(eventType: "special", receiveCount: 2, maxReceiveCount: 9).seconds == 5)
    #expect(rule.decision(eventType: nil, receiveCount: 0, maxReceiveCount: 9).isLast == false)
  }

  @Test(
    "a message that fails each time goes to the dead-letter queue, with the contract's log lines and telemetry"
  )
  func deadLetter() async throws {
    try await BrokerFixture.run(maximumReceiveCount: 3) { fixture in
      let logs = InMemoryLogHandler()
      let telemetry = RecordingTelemetry()
      let handler = ClosureHandler { _ in throw Poison() }
      let consumer = consumer(
        fixture,
        handler,
        telemetry: telemetry,
        logger: Logger(label: "test") { _ in logs }
      )
      await consumer.start()
      try await fixture.publish("{}", type: "merged")
      try await eventually("it is a dead letter") {
        try await fixture.deadLetters.status(deadline: .soon).messagesOnQueue == 1
      }
      await consumer.stop()
      #expect(handler.messages.map(\.receiveCount) == [1, 2, 3])
      let place = "for event type merged on queue nonassociations with receive count"
      #expect(
        logs.entries.map { "\($0.message)" }.filter { $0.contains("visibility") } == [
          "Setting error visibility timeout \(place) 1 to 0 seconds",
          "Setting error visibility timeout \(place) 2 to 0 seconds",
          "Setting error visibility timeout to 0 \(place) 3 because this is the last retry",
        ]
      )
      #expect(
        telemetry.events == [
          TelemetryEvent(
            "merged-sent-to-dlq",
            ["queueName": "main", "dlqName": "main-dlq", "timeouts": "[0]", "maxReceiveCount": "3"]
          )
        ]
      )
      #expect(await consumer.statistics().deadLettered == 1)
    }
  }

  @Test("a failed message is hidden for as long as its list says")
  func backOff() async throws {
    try await BrokerFixture.run(maximumReceiveCount: 4) { fixture in
      let rule = RetryPolicy([0, 600], eventTimeouts: ["moved": [300]])
      let consumer = consumer(fixture, ClosureHandler { _ in throw Poison() }, rule)
      await consumer.start()
      try await fixture.publish("{}", type: "merged")
      try await fixture.publish("{}", type: "moved")
      func hidden(_ condition: String) async throws -> [Int64] {
        try await fixture.test.numbers(
          """
          select receive_count::bigint from gateway_queue_message where queue = 'main'
          and extract(epoch from visible_at - now()) between \(condition)
          """
        )
      }
      try await eventually("one waits ten minutes") { try await hidden("500 and 600") == [2] }
      try await eventually("the other waits five") { try await hidden("200 and 300") == [1] }
      await consumer.stop()
    }
  }

  @Test("a thousand poison messages leave the consumer at its work")
  func poison() async throws {
    try await BrokerFixture.run(maximumReceiveCount: 2) { fixture in
      try await fixture.test.change(
        """
        insert into gateway_queue_message (queue, body, attributes)
        select 'main', case when n % 4 = 0 then '{MessageAttributes' else 'poison' end, '{}'
        from generate_series(1, 1000) n
        """
      )
      try await fixture.test.change(
        "update gateway_queue set visibility_timeout_ms = 200 where name = 'main'"
      )
      let gate = Gate()
      let handler = ClosureHandler { message in
        if message.text == "slow" {
          await gate.wait()
        } else if message.text != "good" {
          throw Poison()
        }
      }
      let consumer = consumer(fixture, handler)
      await consumer.start()
      for _ in 1...20 { try await fixture.send("good") }
      try await eventually("all poison is dead letters", within: patience) {
        try await fixture.deadLetters.status(deadline: .soon).messagesOnQueue == 1000
      }
      try await eventually("the good ones are done", within: patience) { try await isEmpty(fixture) }
      let statistics = await consumer.statistics()
      #expect(statistics.handled == 20)
      #expect(statistics.failed == 2000)
      #expect(statistics.inFlight == 0)
      // At full pace: as many as ever are in flight at once.
      for _ in 1...20 { try await fixture.send("slow") }
      try await eventually("it still takes ten") { await consumer.statistics().inFlight == 10 }
      gate.open()
      try await eventually("they are done") { await consumer.statistics().handled == 40 }
      await consumer.stop()
    }
  }

  @Test("a slow handler keeps its message hidden, and a stuck one is given up")
  func slowHandlers() async throws {
    try await BrokerFixture.run(visibilityTimeout: .milliseconds(200)) { fixture in
      let handler = ClosureHandler { message in
        if message.text == "slow" { try await Task.sleep(for: .seconds(1)) }
        if message.text == "stuck", message.receiveCount == 1 { try await Task.sleep(for: .seconds(3600)) }
      }
      let consumer = consumer(fixture, handler) { $0.handlerTimeout = .seconds(3) }
      await consumer.start()
      try await fixture.send("slow")
      try await fixture.send("stuck")
      try await eventually("both are done") { try await isEmpty(fixture) }
      #expect(handler.messages.map(\.text).sorted() == ["slow", "stuck", "stuck"])
      await consumer.stop()
    }
  }

  @Test("stopping lets handlers end and deletes what they handled")
  func stopping() async throws {
    try await BrokerFixture.run { fixture in
      let gate = Gate()
      let handler = ClosureHandler { _ in await gate.wait() }
      let consumer = consumer(fixture, handler) { settings in
        settings.acknowledgementInterval = .seconds(3600)
        settings.maximumInFlight = 3
      }
      await consumer.start()
      for number in 1...3 { try await fixture.send("\(number)") }
      try await eventually("all are in flight") { handler.messages.count == 3 }
      let stopped = Task { await consumer.stop() }
      try await eventually("it is stopping") { await consumer.isStopping }
      try await fixture.send("after")
      gate.open()
      await stopped.value
      #expect(try await fixture.test.count("gateway_queue_message", where: "receive_count > 0") == 0)
      #expect(handler.messages.count == 3)
      #expect(try await fixture.receive().map(\.text) == ["after"])
    }
  }

  @Test("polls that fail are tried again, and their silence is counted")
  func failingPolls() async throws {
    try await BrokerFixture.run { fixture in
      let handler = ClosureHandler()
      let later = fixture.broker.queue("later")
      let consumer = consumer(fixture, handler, queue: later)
      await consumer.start()
      try await eventually("several polls have failed") { await consumer.statistics().failedPolls > 3 }
      #expect(await consumer.statistics().sinceLastPoll > .zero)
      #expect(await consumer.statistics().lastPollError?.contains("later") == true)
      try await fixture.broker.create(topics: [], queues: [QueueDefinition("later")], deadline: .soon)
      try await fixture.send("a", to: later)
      try await eventually("the message is handled") { handler.messages.count == 1 }
      #expect(await consumer.statistics().lastPollError == nil)
      await consumer.stop()
    }
  }

  @Test("killed sessions do not stop a consumer, and no message is lost")
  func killedSessions() async throws {
    try await BrokerFixture.run(maximumReceiveCount: 50, visibilityTimeout: .milliseconds(500)) { fixture in
      let handler = ClosureHandler()
      let consumer = consumer(fixture, handler)
      await consumer.start()
      for number in 0..<40 {
        try await eventually("it is sent") { (try? await fixture.send("\(number)")) != nil }
        if number.isMultiple(of: 8) { try await fixture.test.killBackends() }
      }
      try await eventually("all are handled", within: patience) {
        Set(handler.messages.map(\.text)).count >= 40
      }
      try await eventually("all are deleted", within: patience) { try await isEmpty(fixture) }
      await consumer.stop()
    }
  }

  @Test(
    "trouble of the database that passes uses up no delivery: the message stays in flight until it is handled",
    arguments: [
      PostgresError(.other, sqlState: "53100"), PostgresError(.connectionFailed),
      PostgresError(.serializationFailure), PostgresError(.commitUnknown),
    ]
  )
  func passingTrouble(error: PostgresError) async throws {
    try await BrokerFixture.run(maximumReceiveCount: 2, visibilityTimeout: .milliseconds(300)) { fixture in
      let tries = Mutex(0)
      let handler = ClosureHandler { _ in
        let number = tries.withLock { tries in
          tries += 1
          return tries
        }
        // Longer in all than the queue hides a message by itself.
        if number <= 5 { throw number.isMultiple(of: 2) ? EventBusError.notHandled([("a", error)]) : error }
      }
      let consumer = consumer(fixture, handler)
      await consumer.start()
      try await fixture.send("a")
      try await eventually("it is handled") { try await isEmpty(fixture) }
      #expect(handler.messages.map(\.receiveCount) == [1, 1, 1, 1, 1, 1])
      let statistics = await consumer.statistics()
      #expect(statistics.handled == 1 && statistics.failed == 0 && statistics.deadLettered == 0)
      await consumer.stop()
    }
  }

  @Test("what stays is not waited out, nor is anything while the consumer stops, nor for ever")
  func trouble() async throws {
    for error in [PostgresError(.uniqueViolation), PostgresError(.cancelled)] {
      #expect(!PassingTrouble.caused(error))
      let passing = PostgresError(.deadlock)
      #expect(!PassingTrouble.caused(EventBusError.notHandled([("a", passing), ("b", error)])))
    }
    #expect(!PassingTrouble.caused(Poison()))
    try await BrokerFixture.run { fixture in
      let handler = ClosureHandler { _ in throw PostgresError(.connectionFailed) }
      let consumer = consumer(fixture, handler)
      await consumer.start()
      try await fixture.send("a")
      try await eventually("it is in flight") { handler.messages.count > 2 }
      let before = MonotonicInstant.now()
      await consumer.stop()
      #expect(MonotonicInstant.now().duration(since: before) < .seconds(15))
      #expect(await consumer.statistics().failed == 1)
      let impatient = self.consumer(fixture, handler) { $0.passingTroubleTimeout = .milliseconds(300) }
      await impatient.start()
      try await eventually("it is given back") { await impatient.statistics().failed > 0 }
      await impatient.stop()
    }
  }

  @Test("a handler works in the trace of its message")
  func trace() async throws {
    try await BrokerFixture.run { fixture in
      let traces = Mutex<[String?]>([])
      let handler = ClosureHandler { _ in traces.withLock { $0.append(SpanContext.current?.traceparent) } }
      let consumer = consumer(fixture, handler)
      let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      _ = try await fixture.topic.publish(
        OutgoingMessage(
          body: Array("{}".utf8),
          attributes: [
            "eventType": MessageAttribute(value: "merged"), "traceparent": MessageAttribute(value: trace),
          ]
        ),
        deadline: .soon
      )
      await consumer.start()
      try await eventually("it is handled") { traces.withLock { $0.count } == 1 }
      #expect(traces.withLock { $0 } == [trace])
      await consumer.stop()
    }
  }
}

/// Lets nobody pass until it is opened.
final class Gate: Sendable {
  private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}
