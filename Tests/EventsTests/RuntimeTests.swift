import EventLoops
import Events
import PlatformTestKit
import Postgres
import TestKit
import Testing

@Suite struct RuntimeTests {
  @Test("the tables are made once for all modules that share a database")
  func migrations() async throws {
    try await TestDatabase.run { test in
      let migrator = Migrator(
        module: EventsMigrations.module,
        migrations: EventsMigrations.all,
        logger: quiet
      )
      let applied = try await migrator.migrate(test.database, deadline: .soon)
      #expect(applied.isEmpty)
    }
  }

  private func runtime(
    _ fixture: BrokerFixture,
    _ handler: any MessageHandler,
    consumes: Bool = true
  ) -> EventsRuntime {
    var settings = EventsRuntime.Settings()
    settings.consumes = consumes
    settings.outbox = brisk
    return EventsRuntime(
      [
        ModuleEvents(
          name: "non-associations",
          database: fixture.test.database,
          topic: ("domainevents", BrokerFixture.topicARN, fixture.topic),
          audit: ("audit", fixture.audit),
          destinations: .test,
          consumed: [
            ModuleEvents.ConsumedQueue(
              id: "nonassociations",
              queue: fixture.queue,
              deadLetterQueue: fixture.deadLetters,
              handler: handler,
              retryPolicy: .immediate
            )
          ],
          adminRole: "NON_ASSOCIATIONS_API_QUEUE_ADMIN",
          isRetryAllOpen: true,
          redriveInterval: .milliseconds(200),
          telemetry: RecordingTelemetry()
        )
      ],
      settings: settings,
      group: Loops.shared,
      logger: quiet
    )
  }

  @Test("from a commit to a handler, through topic and queue, with a retry of a dead letter on the way")
  func wholeWay() async throws {
    try await BrokerFixture.run(maximumReceiveCount: 2) { fixture in
      struct Failed: Error {}
      let calls = SwitchableTopic()
      let handler = ClosureHandler { message in
        let envelope = try NotificationEnvelope(parsing: message.body)
        // Fails until its message has been a dead letter once: a redriven message is counted from 0.
        guard calls.calls >= 2 else {
          _ = try await calls.publish(OutgoingMessage(body: Array(envelope.message.utf8)), deadline: .soon)
          throw Failed()
        }
        _ = try await calls.publish(OutgoingMessage(body: Array(envelope.message.utf8)), deadline: .soon)
      }
      let runtime = runtime(fixture, handler)
      await runtime.start()
      try await fixture.test.append([event("A", 1, type: "merged"), event("A", 2, type: "unheard")])
      try await eventually("it is handled at last") { handler.messages.count == 3 }
      try await eventually("all is published and counted") {
        let statistics = await runtime.statistics().first
        return statistics?.outbox.published == 2 && statistics?.consumers.first?.handled == 1
      }
      #expect(calls.numbers["A"] == [1, 1, 1])
      let health = await runtime.health(of: "non-associations", deadline: .soon)
      #expect(health.map(\.name) == ["audit-health", "domainevents-health", "nonassociations-health"])
      #expect(health.filter { !$0.isUp }.isEmpty)
      await stop(runtime)
      #expect(try await fixture.queue.status(deadline: .soon).messagesInFlight == 0)
    }
  }

  @Test("a batch run publishes and does not consume")
  func batch() async throws {
    try await BrokerFixture.run { fixture in
      let handler = ClosureHandler()
      let runtime = runtime(fixture, handler, consumes: false)
      await runtime.start()
      try await fixture.test.append([event("A", 1, type: "merged")])
      try await eventually("it is on the queue") {
        try await fixture.queue.status(deadline: .soon).messagesOnQueue == 1
      }
      await stop(runtime)
      #expect(handler.messages.isEmpty)
    }
  }

  @Test("two runtimes on one database share the work; what one leaves the other takes up")
  func replicas() async throws {
    try await BrokerFixture.run(visibilityTimeout: .seconds(2)) { fixture in
      let handlers = [ClosureHandler(), ClosureHandler()]
      let runtimes = handlers.map { runtime(fixture, $0) }
      for runtime in runtimes { await runtime.start() }
      for number in 1...30 {
        try await fixture.test.append([event("A", number, type: "merged"), event("B", number, type: "moved")])
        if number == 15 { await stop(runtimes[0]) }
      }
      try await eventually("all is handled", within: patience) { handlers.flatMap(\.messages).count >= 60 }
      await stop(runtimes[1])
      let texts = handlers.flatMap(\.messages).compactMap {
        try? NotificationEnvelope(parsing: $0.body).message
      }
      #expect(Set(texts).count == 60)
      #expect(texts.count == 60)
    }
  }
}

/// Stops a runtime as the gateway does.
func stop(_ runtime: EventsRuntime) async {
  await runtime.stopConsuming(by: .soon)
  await runtime.stopPublishing()
}
