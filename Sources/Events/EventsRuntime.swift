public import EventLoops
public import Logging
public import ServiceKit
public import Time

/// Everything of this target that runs: each module's relay and consumers, and the periodic redrive. The gateway makes
/// one, starts it after the migrations and before it serves, and stops it after the server.
public final class EventsRuntime: Sendable {
  /// How relays and consumers work.
  public struct Settings: Sendable {
    /// How outboxes are relayed.
    public var outbox = OutboxSettings()
    /// How queues are consumed.
    public var consumer = ConsumerSettings()
    /// Whether messages are consumed; not while a batch runs (docs/contract/platform.md §5.3). Default true.
    public var consumes = true

    /// The defaults.
    public init() {}
  }

  private struct Running: Sendable {
    let module: ModuleEvents
    let relay: OutboxRelay
    let consumers: [QueueConsumer]
    let redrive: DeadLetterRedrive?
  }

  private let running: [Running]
  private let settings: Settings

  /// - Parameters:
  ///   - bus: hears what was published.
  ///   - spans: opens a span for each message.
  public init(
    _ modules: [ModuleEvents],
    settings: Settings = Settings(),
    bus: EventBus = EventBus(),
    spans: Spans = Spans(),
    group: EventLoopGroup,
    logger: Logger
  ) {
    self.settings = settings
    running = modules.map { module in
      var logger = logger
      logger[metadataKey: "module"] = "\(module.name)"
      let relay = OutboxRelay(
        module: module.name,
        database: module.database,
        topic: module.topic.topic,
        auditQueue: module.audit?.queue,
        destinations: module.destinations,
        bus: bus,
        settings: settings.outbox,
        spans: spans,
        loop: group.any(),
        logger: logger
      )
      let consumers = module.consumed.map { consumed in
        QueueConsumer(
          id: consumed.id,
          queue: consumed.queue,
          deadLetterQueue: consumed.deadLetterQueue,
          handler: consumed.handler,
          retryPolicy: consumed.retryPolicy,
          propagatesTracing: consumed.propagatesTracing,
          settings: settings.consumer,
          module: module.name,
          spans: spans,
          telemetry: module.telemetry,
          loop: group.any(),
          logger: logger
        )
      }
      let redrive = module.redriveInterval.map { interval in
        DeadLetterRedrive(
          name: module.name,
          queues: module.adminGroup.queues,
          interval: interval,
          database: module.database,
          admin: QueueAdmin(telemetry: module.telemetry, logger: logger),
          clock: group,
          loop: group.any(),
          logger: logger
        )
      }
      return Running(module: module, relay: relay, consumers: consumers, redrive: redrive)
    }
  }

  /// Begins to publish and to consume. Call it once, or the two that it consists of.
  public func start() async {
    await startPublishing()
    await startConsuming()
  }

  /// Begins to publish.
  public func startPublishing() async {
    for each in running { await each.relay.start() }
  }

  /// Begins to take messages, and to try dead letters again, where that is wanted. After ``startPublishing()``, so that
  /// what handlers tell is published.
  public func startConsuming() async {
    guard settings.consumes else { return }
    for each in running {
      for consumer in each.consumers { await consumer.start() }
      await each.redrive?.start()
    }
  }

  /// Takes no more messages, and finishes those in flight.
  /// - Parameter deadline: when handlers that are not done are cancelled; their messages come again.
  public func stopConsuming(by deadline: MonotonicInstant) async {
    await withTaskGroup(of: Void.self) { group in
      for each in running {
        for consumer in each.consumers { group.addTask { await consumer.stop(by: deadline) } }
        if let redrive = each.redrive { group.addTask { await redrive.stop() } }
      }
    }
  }

  /// Stops publishing, once what is in flight has been published. After ``stopConsuming(by:)``, so that what handlers wrote
  /// is still published. What is left in the outboxes is published by another replica, or at the next start.
  public func stopPublishing() async {
    await withTaskGroup(of: Void.self) { group in
      for each in running { group.addTask { await each.relay.stop() } }
    }
  }

  /// The domain events of a module as they are committed; nil for a module that is not among them.
  public func feed(of module: String) -> EventFeed? {
    running.first { $0.module.name == module }?.relay.feed
  }

  /// Ends all waits for feeds, before the server is shut down.
  public func closeFeeds() {
    for each in running { each.relay.feed.close() }
  }

  /// The modules whose events are moved.
  public var modules: [ModuleEvents] { running.map(\.module) }

  /// How one module's relay and consumers are doing in this process, for metrics.
  public struct Statistics: Sendable {
    /// The module, as given to ``PostgresOutbox``.
    public let module: String
    /// Without what only the table knows.
    public let outbox: OutboxStatistics
    /// Of the queues that the module consumes.
    public let consumers: [ConsumerStatistics]
    /// By name of the dead-letter queue: rounds in a row that found something to retry.
    public let failingRedrives: [String: Int]
  }

  /// Asks nothing outside the process.
  public func statistics() async -> [Statistics] {
    var all: [Statistics] = []
    for each in running {
      var consumers: [ConsumerStatistics] = []
      for consumer in each.consumers { consumers.append(await consumer.statistics()) }
      all.append(
        Statistics(
          module: each.module.name,
          outbox: await each.relay.counts(),
          consumers: consumers,
          failingRedrives: await each.redrive?.failingRounds() ?? [:]
        )
      )
    }
    return all
  }

  /// How a module's outbox stands; nothing for a module that is not among them.
  /// - Throws: `PostgresError`.
  public func backlog(of module: String, deadline: MonotonicInstant) async throws -> OutboxStatistics {
    let relay = running.first { $0.module.name == module }?.relay
    return try await relay?.statistics(deadline: deadline) ?? OutboxStatistics()
  }

  /// The components of a module's `/health` about its queues and its topic (docs/contract/platform.md §3.1).
  public func health(of module: String, deadline: MonotonicInstant) async -> [BrokerHealth] {
    guard let each = running.first(where: { $0.module.name == module }) else { return [] }
    let (own, consumes) = (each.module, settings.consumes)
    return await withTaskGroup(of: BrokerHealth.self) { group in
      for (consumed, consumer) in zip(own.consumed, each.consumers) {
        group.addTask {
          await .queue(
            id: consumed.id,
            consumed.queue,
            deadLetterQueue: consumed.deadLetterQueue,
            consumer: consumes ? await consumer.statistics() : nil,
            deadline: deadline
          )
        }
      }
      if let audit = own.audit {
        group.addTask { await .queue(id: audit.id, audit.queue, deadLetterQueue: nil, deadline: deadline) }
      }
      group.addTask {
        await .topic(id: own.topic.id, own.topic.topic, arn: own.topic.arn, deadline: deadline)
      }
      var all: [BrokerHealth] = []
      for await component in group { all.append(component) }
      return all.sorted { $0.name < $1.name }
    }
  }
}
