import EventLoops
import Events
import Synchronization
import Testing
import Time

/// A PostgreSQL broker with one topic, a queue that gets two event types of it, its dead-letter queue and an audit
/// queue.
struct BrokerFixture: Sendable {
  static let topicARN = BrokerARN.topic("domain-events")
  static let types = ["merged", "moved"]

  let test: TestDatabase
  let broker: PostgresBroker

  var topic: PostgresTopic { broker.topic(arn: Self.topicARN) }
  var queue: PostgresQueue { broker.queue("main") }
  var deadLetters: PostgresQueue { broker.queue("main-dlq") }
  var audit: PostgresQueue { broker.queue("audit") }

  static func run(
    maximumReceiveCount: Int = 3,
    visibilityTimeout: Duration = .seconds(30),
    _ body: @escaping @Sendable (BrokerFixture) async throws -> Void
  ) async throws {
    try await TestDatabase.run { test in
      let broker = PostgresBroker(database: test.database, loop: Loops.shared.loops[0], clock: SystemClock())
      let fixture = BrokerFixture(test: test, broker: broker)
      try await fixture.create(maximumReceiveCount, visibilityTimeout)
      try await body(fixture)
      await broker.stop()
    }
  }

  func create(_ maximumReceiveCount: Int = 3, _ visibilityTimeout: Duration = .seconds(30)) async throws {
    try await broker.create(
      topics: [Self.topicARN],
      queues: [
        QueueDefinition(
          "main",
          deadLetterQueue: "main-dlq",
          maximumReceiveCount: maximumReceiveCount,
          visibilityTimeout: visibilityTimeout,
          subscriptions: [
            SubscriptionDefinition(topic: "domain-events", filter: FilterPolicy(eventTypes: Self.types))
          ]
        ),
        QueueDefinition("audit", subscriptions: [SubscriptionDefinition(topic: "domain-events")]),
      ],
      deadline: .soon
    )
  }

  @discardableResult
  func send(_ body: String, to queue: PostgresQueue? = nil) async throws -> String {
    try await (queue ?? self.queue).send(OutgoingMessage(body: Array(body.utf8)), deadline: .soon)
  }

  func publish(_ body: String, type: String? = "merged") async throws {
    let attributes = type.map { ["eventType": MessageAttribute(value: $0)] } ?? [:]
    _ = try await topic.publish(
      OutgoingMessage(body: Array(body.utf8), attributes: attributes),
      deadline: .soon
    )
  }

  func receive(
    _ queue: PostgresQueue? = nil,
    limit: Int = 10,
    wait: Duration = .zero,
    hidden: Duration? = nil
  ) async throws -> [ReceivedMessage] {
    try await (queue ?? self.queue).receive(
      limit: limit,
      wait: wait,
      visibilityTimeout: hidden,
      deadline: .soon
    )
  }
}

extension ReceivedMessage {
  var text: String { String(decoding: body, as: UTF8.self) }
}

/// Runs a closure for each message, and counts.
final class ClosureHandler: MessageHandler {
  private let body: @Sendable (ReceivedMessage) async throws -> Void
  private let seen = Mutex<[ReceivedMessage]>([])

  var messages: [ReceivedMessage] { seen.withLock { $0 } }

  init(_ body: @escaping @Sendable (ReceivedMessage) async throws -> Void = { _ in }) { self.body = body }

  func handle(_ message: OpenedMessage) async throws {
    seen.withLock { $0.append(message.message) }
    try await body(message.message)
  }
}
