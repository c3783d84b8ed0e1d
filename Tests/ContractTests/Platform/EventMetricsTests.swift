import EventLoops
import Logging
import Postgres
import ServiceKit
import TestKit
import Testing
import Time

@testable import Events
@testable import Gateway

@Suite("Metrics of events")
struct EventMetricsTests {
  @Test("Queues and dead-letter queues are counted, as the broker has them")
  func queues() async throws {
    try await withGateway { (gateway) async throws in
      let database = gateway.application.database
      let migrator = Migrator(
        module: EventsMigrations.module,
        migrations: EventsMigrations.all,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      )
      _ = try await migrator.migrate(database, deadline: .now() + .seconds(20))
      let broker = PostgresBroker(
        database: database,
        loop: try World.group.get().loops[0],
        clock: SystemClock()
      )
      let deadline = MonotonicInstant.now() + .seconds(20)
      try await broker.create(
        topics: [],
        queues: [QueueDefinition("main", deadLetterQueue: "main-dlq", maximumReceiveCount: 3)],
        deadline: deadline
      )
      let (queue, deadLetters) = (broker.queue("main"), broker.queue("main-dlq"))
      for _ in 0..<3 { _ = try await queue.send(OutgoingMessage(body: Array("{}".utf8)), deadline: deadline) }
      _ = try await deadLetters.send(OutgoingMessage(body: Array("{}".utf8)), deadline: deadline)
      _ = try await queue.receive(limit: 1, wait: .zero, visibilityTimeout: .seconds(60), deadline: deadline)

      gateway.application.observability.metrics.addQueues(
        [
          AdministeredQueue(id: "prisoners", queue: queue, deadLetterQueue: deadLetters),
          AdministeredQueue(id: "gone", queue: broker.queue("gone"), deadLetterQueue: nil),
        ],
        module: "non-associations",
        on: try World.group.get().any()
      )
      var metrics = try ScrapedMetrics(try await gateway.get("/metrics").body)
      func messages(_ kind: String, _ state: String) -> Double? {
        metrics.value(
          "events_queue_messages",
          ["module": "non-associations", "queue": "prisoners", "kind": kind, "state": state]
        )
      }
      try await eventually("both queues are counted") {
        metrics = try ScrapedMetrics(try await gateway.get("/metrics").body)
        return messages("main", "visible") != nil && messages("dead_letter", "visible") != nil
      }
      #expect(messages("main", "visible") == 2)
      #expect(messages("main", "in_flight") == 1)
      #expect(messages("dead_letter", "visible") == 1)
      #expect(
        !metrics.samples.contains { $0.name == "events_queue_messages" && $0.labels["queue"] == "gone" }
      )
      let age = ["reading": "queue", "queue": "gone"]
      #expect(metrics.value("gateway_metrics_reading_age_seconds", age) != nil)
      await broker.stop()
    }
  }

  @Test("Outboxes and consumers are told of by module and queue; one question serves all their metrics")
  func runtime() async throws {
    let registry = MetricsRegistry(loops: 1)
    var outbox = OutboxStatistics()
    outbox.depth = 4
    outbox.oldestAge = .milliseconds(1500)
    outbox.setAside = 1
    outbox.published = 9
    outbox.failures = 2
    var consumer = ConsumerStatistics(id: "prisoners", sinceLastPoll: .milliseconds(2500))
    consumer.handled = 7
    consumer.failed = 3
    consumer.deadLettered = 1
    let part = EventsRuntime.Statistics(
      module: "non-associations",
      outbox: outbox,
      consumers: [consumer],
      failingRedrives: [:]
    )
    let (questions, asked) = AsyncStream<Void>.makeStream()
    registry.addEvents(clock: try World.group.get()) {
      asked.yield()
      return [part]
    }
    let backlog = outbox
    registry.addBacklog(of: "non-associations", on: try World.group.get().any()) { _ in backlog }
    while await !String(decoding: registry.exposition(), as: UTF8.self).contains("events_outbox_messages{") {}
    let metrics = try ScrapedMetrics(await registry.exposition())
    asked.finish()
    let module = ["module": "non-associations"]
    #expect(metrics.value("events_outbox_messages", module) == 4)
    #expect(metrics.value("events_outbox_oldest_age_seconds", module) == 1.5)
    #expect(metrics.value("events_outbox_set_aside_messages", module) == 1)
    #expect(metrics.value("events_published_total", module) == 9)
    #expect(metrics.value("events_publish_failures_total", module) == 2)
    let queue = module.merging(["queue": "prisoners"]) { $1 }
    #expect(metrics.value("events_seconds_since_last_poll", queue) == 2.5)
    #expect(metrics.value("events_in_progress", queue) == 0)
    for (outcome, count) in [("handled", 7.0), ("failed", 3.0), ("dead_lettered", 1.0)] {
      #expect(metrics.value("events_consumed_total", queue.merging(["outcome": outcome]) { $1 }) == count)
    }
    var count = 0
    for await _ in questions { count += 1 }
    #expect(count < 9)
    await registry.stop()
  }
}
