import AWSPeer
import EventLoops
import JSON
import PlatformTestKit
import ServiceKit
import Synchronization
import TestKit
import Testing

@testable import Events

/// The consumer and queue admin, which know only the protocols, on SNS and SQS as moto has them.
@Suite struct SQSConsumerTests {
  private struct Poison: Error {}

  @Test("A failing message backs off to the dead-letter queue, is listed, retried, and handled")
  func roundTrip() async throws {
    try await Moto.run { (moto) async throws in
      let arn = moto.topicARN("t")
      try await moto.create(
        QueueDefinition(
          moto.name("q"),
          deadLetterQueue: moto.name("dlq"),
          maximumReceiveCount: 2,
          subscriptions: [SubscriptionDefinition(topic: moto.name("t"))]
        ),
        topics: [arn]
      )
      let (queue, dead) = (moto.queue("q"), moto.queue("dlq"))
      let isCured = Atomic<Bool>(false)
      let handler = ClosureHandler { _ in
        guard isCured.load(ordering: .acquiring) else { throw Poison() }
      }
      let telemetry = RecordingTelemetry()
      var settings = ConsumerSettings()
      settings.pollWait = .seconds(1)
      settings.acknowledgementInterval = .milliseconds(50)
      let consumer = QueueConsumer(
        id: "nonassociations",
        queue: queue,
        deadLetterQueue: dead,
        handler: handler,
        retryPolicy: RetryPolicy([1]),
        settings: settings,
        telemetry: telemetry,
        loop: Loops.shared.loops[0],
        logger: quiet
      )
      await consumer.start()
      _ = try await moto.broker.topic(arn: arn).publish(
        OutgoingMessage("{}", ["eventType": MessageAttribute(value: "some.event")]),
        deadline: .soon
      )
      try await eventually("it is a dead letter") {
        try await dead.status(deadline: .soon).messagesOnQueue == 1
      }
      #expect(handler.messages.map(\.receiveCount) == [1, 2])
      #expect(telemetry.events.map(\.name) == ["some.event-sent-to-dlq"])

      let admin = QueueAdmin(telemetry: telemetry, logger: quiet)
      let listed = try await admin.deadLetters(of: dead, limit: 100, deadline: .soon)
      #expect(listed.found == 1)
      #expect(try JSONValue(parsing: listed.messages.first?.body ?? [])["Message"]?.text == "{}")
      // Looking has hidden it for a second.
      try await eventually("it can be seen again") {
        try await dead.status(deadline: .soon).messagesOnQueue == 1
      }
      isCured.store(true, ordering: .releasing)
      let entry = AdministeredQueue(id: "nonassociations", queue: queue, deadLetterQueue: dead)
      #expect(try await admin.retry(entry, deadline: .soon) == 1)
      try await eventually("it is handled and gone") {
        let status = try await queue.status(deadline: .soon)
        return handler.messages.count == 3 && status.messagesOnQueue + status.messagesInFlight == 0
      }
      #expect(handler.messages.last?.receiveCount == 1)
      await consumer.stop()
      #expect(try await dead.status(deadline: .soon).messagesOnQueue == 0)
    }
  }
}
