import EventLoops
import PlatformTestKit
import Postgres
import ServiceKit
import Synchronization
import TestKit
import Testing
import Time

@testable import Events

/// What a queue says of itself is asked again, and a broker that gives nothing is not asked without pause.
@Suite struct LearnedTests {
  /// A queue of a script: what it is asked is counted.
  final class CountingQueue: MessageQueue {
    struct State {
      var receives = 0
      var statuses = 0
      var hidden: [Int] = []
      var deletes: [MonotonicInstant] = []
      var messages: [ReceivedMessage] = []
      var maxReceiveCount: Int? = 5
      var visibilityTimeout = Duration.seconds(30)
      var failsStatus = false
      var failsDeletes = false
      /// What a receive takes although it brings nothing.
      var pause = Duration.zero
    }

    let state = Mutex(State())
    let name = "counting"
    let system = "test"

    func send(_ message: OutgoingMessage, deadline: MonotonicInstant) async throws(BrokerError) -> String {
      ""
    }

    func receive(
      limit: Int,
      wait: Duration,
      visibilityTimeout: Duration?,
      deadline: MonotonicInstant
    ) async throws(BrokerError) -> [ReceivedMessage] {
      let (found, pause) = state.withLock { state in
        state.receives += 1
        let found = Array(state.messages.prefix(limit))
        state.messages.removeFirst(found.count)
        return (found, state.pause)
      }
      if found.isEmpty, pause > .zero { try? await Task.sleep(for: pause) }
      return found
    }

    func delete(receipts: [String], deadline: MonotonicInstant) async throws(BrokerError) -> [String] {
      state.withLock { state in
        state.deletes.append(.now())
        return state.failsDeletes ? receipts : []
      }
    }

    func changeVisibility(
      receipt: String,
      timeout: Duration,
      deadline: MonotonicInstant
    ) async throws(BrokerError) {
      state.withLock { $0.hidden.append(Int(timeout.components.seconds)) }
    }

    func status(deadline: MonotonicInstant) async throws(BrokerError) -> QueueStatus {
      let (fails, status) = state.withLock { state in
        state.statuses += 1
        return (
          state.failsStatus,
          QueueStatus(
            arn: "arn",
            messagesOnQueue: 0,
            messagesInFlight: 0,
            maxReceiveCount: state.maxReceiveCount,
            deadLetterQueueARN: "dlq",
            visibilityTimeout: state.visibilityTimeout
          )
        )
      }
      if fails { throw BrokerError(.unavailable, "away") }
      return status
    }

    func purge(deadline: MonotonicInstant) async throws(BrokerError) {}
    func redrive(to source: any MessageQueue, deadline: MonotonicInstant) async throws(BrokerError) {}
  }

  private func message(_ count: Int, id: String = "m") -> ReceivedMessage {
    ReceivedMessage(id: id, receipt: "r\(id)\(count)", body: Array("{}".utf8), receiveCount: count)
  }

  private func consumer(
    _ queue: CountingQueue,
    _ handler: any MessageHandler = ClosureHandler(),
    _ configure: (inout ConsumerSettings) -> Void = { _ in }
  ) -> QueueConsumer {
    var settings = ConsumerSettings()
    settings.acknowledgementInterval = .milliseconds(50)
    configure(&settings)
    return QueueConsumer(
      id: "x",
      queue: queue,
      deadLetterQueue: nil,
      handler: handler,
      retryPolicy: .immediate,
      settings: settings,
      telemetry: RecordingTelemetry(),
      loop: Loops.shared.loops[0],
      logger: quiet
    )
  }

  @Test(
    "A message that comes again while it is handled has the queue's timeout asked again, for the heartbeats after"
  )
  func visibilityTimeout() async throws {
    let queue = CountingQueue()
    let isHeld = Mutex(true)
    let handler = ClosureHandler { _ in
      while isHeld.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
    }
    let consumer = consumer(queue, handler) { $0.pollWait = .milliseconds(20) }
    queue.state.withLock { state in
      state.messages = [message(1)]
      state.pause = .milliseconds(20)
    }
    await consumer.start()
    try await eventually("it is in flight") { handler.messages.count == 1 }
    #expect(queue.state.withLock { $0.statuses } == 1)
    queue.state.withLock { state in
      state.visibilityTimeout = .seconds(2)
      state.messages = [message(2)]
    }
    try await eventually("it is asked again") { queue.state.withLock { $0.statuses } == 2 }
    queue.state.withLock { $0.messages = [message(1, id: "other")] }
    // Half of two seconds, not of thirty.
    try await eventually("it is kept hidden", within: .seconds(10)) {
      queue.state.withLock { $0.hidden.contains(2) }
    }
    isHeld.withLock { $0 = false }
    await consumer.stop()
  }

  @Test(
    "Polls that bring nothing at once are paused, longer and longer; one that has waited, or brought something, is not"
  )
  func emptyPolls() async throws {
    let queue = CountingQueue()
    let consumer = consumer(queue) {
      $0.pollWait = .seconds(10)
      $0.initialPollBackOff = .milliseconds(100)
      $0.maximumPollBackOff = .seconds(10)
    }
    let start = MonotonicInstant.now()
    await consumer.start()
    try await eventually("three polls") { queue.state.withLock { $0.receives } >= 3 }
    // The third comes after pauses of 0.1 and 0.2 s.
    #expect(MonotonicInstant.now().duration(since: start) >= .milliseconds(300))
    try await Task.sleep(for: .milliseconds(700))
    #expect(queue.state.withLock { $0.receives } < 10)
    // What comes meanwhile is taken after the pause, and there is none after it.
    queue.state.withLock { $0.messages = (1...30).map { message(1, id: "\($0)") } }
    try await eventually("all are handled") { await consumer.statistics().handled == 30 }
    await consumer.stop()
    let patient = CountingQueue()
    patient.state.withLock { $0.pause = .milliseconds(20) }
    let other = self.consumer(patient) { $0.pollWait = .milliseconds(30) }
    await other.start()
    try await eventually("many polls") { patient.state.withLock { $0.receives } >= 20 }
    await other.stop()
  }

  @Test("Deletes that fail are not tried again at once")
  func deletes() async throws {
    let queue = CountingQueue()
    queue.state.withLock { state in
      state.failsDeletes = true
      state.messages = (1...10).map { message(1, id: "\($0)") }
      state.pause = .milliseconds(50)
    }
    let consumer = consumer(queue) {
      $0.pollWait = .milliseconds(50)
      $0.acknowledgementInterval = .milliseconds(200)
    }
    await consumer.start()
    try await eventually("all are handled") { await consumer.statistics().handled == 10 }
    try await eventually("a second try") { queue.state.withLock { $0.deletes.count } >= 2 }
    let tries = queue.state.withLock { $0.deletes }
    #expect(tries[1].duration(since: tries[0]) >= .milliseconds(190))
    await consumer.stop()
    #expect(queue.state.withLock { $0.deletes.count } <= 4)
  }

  @Test("No number that a broker gives ends the process", arguments: [Int.min, -1, 0, 1, Int.max])
  func oddNumbers(number: Int) async {
    let message = message(number)
    #expect(message.receiveCount >= 1)
    for rule in [RetryPolicy.growing, .immediate, RetryPolicy([])] {
      for limit in [nil, Int.min, 0, 1, Int.max] {
        _ = rule.decision(eventType: nil, receiveCount: number, maxReceiveCount: limit)
        _ = rule.decision(eventType: nil, receiveCount: message.receiveCount, maxReceiveCount: limit)
      }
    }
    let status = QueueStatus(
      arn: "arn",
      messagesOnQueue: number,
      messagesInFlight: number,
      maxReceiveCount: number,
      deadLetterQueueARN: nil,
      visibilityTimeout: .seconds(number)
    )
    #expect((0...1 << 53).contains(status.messagesOnQueue) && (0...1 << 53).contains(status.messagesInFlight))
    #expect(status.maxReceiveCount.map { $0 >= 1 } ?? true)
    #expect((.zero ... .seconds(43_200)).contains(status.visibilityTimeout))
  }

  @Test("A message that another session has locked is looked for after growing pauses")
  func locked() async throws {
    try await BrokerFixture.run { fixture in
      try await fixture.send("held")
      // As a replica that was frozen in the middle of a receive.
      try await fixture.test.observer.withTransaction(deadline: .soon) { transaction in
        _ = try await transaction.query(
          PostgresStatement(name: "lock", sql: "select id from gateway_queue_message for update")
        )
        // Each in a transaction of its own: within one, statistics stand still.
        func scans() async throws -> Int64 {
          try await fixture.test.numbers(
            "select xact_commit from pg_stat_database where datname = current_database()"
          ).first ?? 0
        }
        let before = try await scans()
        #expect(try await fixture.receive(wait: .seconds(3)) == [])
        // Statistics of other sessions come a little late.
        try await Task.sleep(for: .milliseconds(1200))
        let count = try await scans() - before
        #expect(count < 60, "\(count) transactions in three seconds")
      }
      #expect(try await fixture.receive(wait: .seconds(5)).map(\.text) == ["held"])
    }
  }
}
