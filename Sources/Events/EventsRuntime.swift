public import EventLoops
public import Logging
public import Postgres
public import ServiceKit
public import Time

/// Everything of this target that runs: each module's relay and consumers, and the periodic redrive. The gateway makes
/// one, starts it after the migrations and before it serves, and stops it after the server.
public final class EventsRuntime: Sendable {
  /// A queue that a module consumes.
  public struct ConsumedQueue: Sendable {
    let id: String
    let queue: any MessageQueue
    let deadLetterQueue: (any MessageQueue)?
    let handler: any MessageHandler
    let errorVisibility: ErrorVisibility

    /// - Parameter id: as configured: `nonassociations`.
    public init(
      id: String,
      queue: any MessageQueue,
      deadLetterQueue: (any MessageQueue)?,
      handler: any MessageHandler,
      errorVisibility: ErrorVisibility
    ) {
      self.id = id
      self.queue = queue
      self.deadLetterQueue = deadLetterQueue
      self.handler = handler
      self.errorVisibility = errorVisibility
    }
  }

  /// What one module publishes and consumes.
  public struct Part: Sendable {
    public let module: String
    let database: PostgresDatabase
    let topic: (id: String, arn: String, topic: any Topic)
    let audit: (id: String, queue: any MessageQueue)?
    let destinations: OutboxDestinations
    let consumed: [ConsumedQueue]
    let adminRole: String
    let isRetryAllOpen: Bool
    let telemetry: any Telemetry

    /// - Parameters:
    ///   - module: as given to ``PostgresOutbox``.
    ///   - database: where the module's outbox is; migrated by ``EventsMigrations``.
    ///   - topic: where domain events go, with its configured id and ARN.
    ///   - audit: where audit messages go, with the configured id; nil for a module that has none.
    ///   - destinations: of topic and audit queue, as given to ``PostgresOutbox``.
    ///   - adminRole: for queue admin.
    ///   - isRetryAllOpen: see ``QueueAdminGroup/isRetryAllOpen``.
    ///   - telemetry: gets what consumers and queue admin tell (`platform.md` §8.3).
    public init(
      module: String,
      database: PostgresDatabase,
      topic: (id: String, arn: String, topic: any Topic),
      audit: (id: String, queue: any MessageQueue)?,
      destinations: OutboxDestinations,
      consumed: [ConsumedQueue],
      adminRole: String,
      isRetryAllOpen: Bool,
      telemetry: any Telemetry
    ) {
      self.module = module
      self.database = database
      self.topic = topic
      self.audit = audit
      self.destinations = destinations
      self.consumed = consumed
      self.adminRole = adminRole
      self.isRetryAllOpen = isRetryAllOpen
      self.telemetry = telemetry
    }

    /// The module's queues, in the order of `platform.md` §5.1, and who may look after them.
    public var adminGroup: QueueAdminGroup {
      var queues = consumed.map {
        AdministeredQueue(id: $0.id, queue: $0.queue, deadLetterQueue: $0.deadLetterQueue)
      }
      if let audit {
        queues.append(
          AdministeredQueue(id: audit.id, queue: audit.queue, deadLetterQueue: nil, isPurgeable: false)
        )
      }
      return QueueAdminGroup(
        role: adminRole,
        isRetryAllOpen: isRetryAllOpen,
        queues: queues,
        outbox: OutboxAdministration(module: module, database: database),
        telemetry: telemetry
      )
    }
  }

  /// How all of it goes about its work.
  public struct Settings: Sendable {
    public var outbox = OutboxSettings()
    public var consumer = ConsumerSettings()
    /// Whether messages are consumed; not while a batch runs (`platform.md` §5.3). Default true.
    public var consumes = true
    /// `HMPPS_SQS_REDRIVE_INTERVAL`; nil, the default, for never.
    public var redriveInterval: Duration?

    public init() {}
  }

  private struct Running: Sendable {
    let part: Part
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
    _ parts: [Part],
    settings: Settings = Settings(),
    bus: EventBus = EventBus(),
    spans: Spans = Spans(),
    group: EventLoopGroup,
    logger: Logger
  ) {
    self.settings = settings
    running = parts.map { part in
      var logger = logger
      logger[metadataKey: "module"] = "\(part.module)"
      let relay = OutboxRelay(
        module: part.module,
        database: part.database,
        topic: part.topic.topic,
        auditQueue: part.audit?.queue,
        destinations: part.destinations,
        bus: bus,
        settings: settings.outbox,
        spans: spans,
        loop: group.any(),
        logger: logger
      )
      let consumers = part.consumed.map { consumed in
        QueueConsumer(
          id: consumed.id,
          queue: consumed.queue,
          deadLetterQueue: consumed.deadLetterQueue,
          handler: consumed.handler,
          errorVisibility: consumed.errorVisibility,
          settings: settings.consumer,
          spans: spans,
          telemetry: part.telemetry,
          loop: group.any(),
          logger: logger
        )
      }
      let redrive = settings.redriveInterval.map { interval in
        DeadLetterRedrive(
          name: part.module,
          queues: part.adminGroup.queues,
          interval: interval,
          database: part.database,
          admin: QueueAdmin(telemetry: part.telemetry, logger: logger),
          loop: group.any(),
          logger: logger
        )
      }
      return Running(part: part, relay: relay, consumers: consumers, redrive: redrive)
    }
  }

  /// Begins to publish and to consume. Call it once.
  public func start() async {
    for each in running {
      await each.relay.start()
      guard settings.consumes else { continue }
      for consumer in each.consumers { await consumer.start() }
      await each.redrive?.start()
    }
  }

  /// Takes no more messages, and finishes those in hand.
  /// - Parameter deadline: when handlers that are not done are cancelled; their messages come again.
  public func stopConsuming(by deadline: MonotonicInstant) async {
    await withTaskGroup(of: Void.self) { group in
      for each in running {
        for consumer in each.consumers { group.addTask { await consumer.stop(by: deadline) } }
        if let redrive = each.redrive { group.addTask { await redrive.stop() } }
      }
    }
  }

  /// Publishes no more, once what is on its way has been told. After ``stopConsuming(by:)``, so that what handlers told
  /// is still published. What is left in the outboxes is published by another replica, or at the next start.
  public func stopPublishing() async {
    await withTaskGroup(of: Void.self) { group in
      for each in running { group.addTask { await each.relay.stop() } }
    }
  }

  /// The domain events of a module as they are committed; nil for a module that is no part.
  public func feed(of module: String) -> EventFeed? {
    running.first { $0.part.module == module }?.relay.feed
  }

  /// Lets everybody who watches a feed go, before the server is shut down.
  public func closeFeeds() {
    for each in running { each.relay.feed.close() }
  }

  public var parts: [Part] { running.map(\.part) }

  /// How one module's part is doing in this process, for metrics.
  public struct Statistics: Sendable {
    public let module: String
    /// Without what only the table knows.
    public let outbox: OutboxStatistics
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
          module: each.part.module,
          outbox: await each.relay.counts(),
          consumers: consumers,
          failingRedrives: await each.redrive?.failingRounds() ?? [:]
        )
      )
    }
    return all
  }

  /// How a module's outbox stands; nothing for a module that is no part.
  /// - Throws: `PostgresError`.
  public func backlog(of module: String, deadline: MonotonicInstant) async throws -> OutboxStatistics {
    let relay = running.first { $0.part.module == module }?.relay
    return try await relay?.statistics(deadline: deadline) ?? OutboxStatistics()
  }

  /// The components of a module's `/health` about its queues and its topic (`platform.md` §3.1).
  public func health(of module: String, deadline: MonotonicInstant) async -> [BrokerHealth] {
    guard let each = running.first(where: { $0.part.module == module }) else { return [] }
    let (part, consumes) = (each.part, settings.consumes)
    return await withTaskGroup(of: BrokerHealth.self) { group in
      for (consumed, consumer) in zip(part.consumed, each.consumers) {
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
      if let audit = part.audit {
        group.addTask { await .queue(id: audit.id, audit.queue, deadLetterQueue: nil, deadline: deadline) }
      }
      group.addTask {
        await .topic(id: part.topic.id, part.topic.topic, arn: part.topic.arn, deadline: deadline)
      }
      var all: [BrokerHealth] = []
      for await component in group { all.append(component) }
      return all.sorted { $0.name < $1.name }
    }
  }
}
