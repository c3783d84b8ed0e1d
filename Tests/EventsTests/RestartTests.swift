import EventLoops
import Events
import PlatformTestKit
import Postgres
import PrivateCluster
import ServiceKit
import TestKit
import Testing
import Time

@Suite struct RestartTests {
  @Test(
    "a server that is stopped or crashes loses no committed event, and the relay and consumer go on by themselves"
  )
  func restarts() async throws {
    let server = try await PrivateCluster()
    do {
      try await Loops.run { try await through(server) }
    } catch {
      await server.remove()
      throw error
    }
    await server.remove()
  }

  private func through(_ server: PrivateCluster) async throws {
    var configuration = PostgresConfiguration(connectionString: server.connectionString)
    configuration.leaseTimeout = .seconds(20)
    let database = try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
    try await Migrator(module: EventsMigrations.module, migrations: EventsMigrations.all, logger: quiet)
      .migrate(database, deadline: .soon)
    let broker = PostgresBroker(database: database, loop: Loops.shared.loops[0], clock: SystemClock())
    let arn = BrokerARN.topic("events")
    try await broker.create(
      topics: [arn],
      queues: [
        QueueDefinition(
          "main",
          visibilityTimeout: .seconds(1),
          subscriptions: [SubscriptionDefinition(topic: "events")]
        )
      ],
      deadline: .soon
    )
    let handler = ClosureHandler()
    var settings = EventsRuntime.Settings()
    // A claim that went down with the server is free again soon.
    settings.outbox.claimDuration = .seconds(3)
    settings.outbox.publishTimeout = .seconds(1)
    let runtime = EventsRuntime(
      [
        ModuleEvents(
          name: "non-associations",
          database: database,
          topic: ("events", arn, broker.topic(arn: arn)),
          audit: nil,
          destinations: .test,
          consumed: [
            ModuleEvents.ConsumedQueue(
              id: "main",
              queue: broker.queue("main"),
              deadLetterQueue: nil,
              handler: handler,
              retryPolicy: .immediate
            )
          ],
          adminRole: "ROLE",
          isRetryAllOpen: false,
          telemetry: RecordingTelemetry()
        )
      ],
      settings: settings,
      group: Loops.shared,
      logger: quiet
    )
    await runtime.start()
    var committed: Set<String> = []
    for (round, mode) in ["fast", "immediate"].enumerated() {
      for number in 1...20 {
        let event = event("S\(number % 4)", round * 100 + number)
        try await database.withTransaction(deadline: .soon) { transaction in
          try await PostgresOutbox(module: "non-associations", destinations: .test).append(
            event,
            nil,
            in: transaction
          )
        }
        committed.insert(String(decoding: event.message, as: UTF8.self))
      }
      try await server.stop(mode: mode)
      try await server.start()
      // Who asks while it is away is told so at once.
      try await eventually("the database is used again", within: patience) {
        (try? await database.withTransaction(deadline: .soon) { _ in }) != nil
      }
    }
    try await eventually("every committed event is handled", within: patience) {
      Set(
        handler.messages.compactMap { message in
          try? NotificationEnvelope(parsing: message.body).message
        }
      ).isSuperset(of: committed)
    }
    try await eventually("the outbox is empty", within: patience) {
      try await runtime.backlog(of: "non-associations", deadline: .soon).depth == 0
    }
    await stop(runtime)
    await broker.stop()
    await database.shutdown()
  }
}
