public import EventLoops
public import Logging
public import Postgres
public import ServiceKit
public import Time

/// Publishes what a module has left in its outbox: at least once, each subject's messages in their order, within
/// milliseconds of the commit. Any number of relays may run on one database.
///
/// * Each claims the first unpublished row of every subject, so a later event never overtakes an earlier one, whoever
///   publishes them. A claim expires, so that another relay takes over the rows of a process that died; its fencing token
///   keeps a relay that lost the claim from marking the row.
/// * While the broker fails, nothing counts against a row: the relay retries a few rows with back-off, for as long as
///   it takes. A row that fails while others get through has a back-off of its own, and is retried for ever as well;
///   the later rows of its subject wait behind it.
/// * A row whose content the broker itself calls invalid (`refused`), or that was meant for another destination, as after
///   a database was copied to another environment, is set aside: it stays in the table, and later events of its subject
///   go on without it. Operators look after such rows with ``OutboxAdministration``.
public final class OutboxRelay: Sendable {
  private let workers: [OutboxWorker]
  private let signal: ChangeSignal
  /// The module's events as they are committed.
  public let feed: EventFeed

  /// - Parameters:
  ///   - module: as given to ``PostgresOutbox``.
  ///   - topic: where domain events go.
  ///   - auditQueue: where audit messages go; without one they stay in the outbox.
  ///   - destinations: of topic and queue, as given to ``PostgresOutbox``.
  ///   - bus: gets a ``PublishedMessage`` for each message that the broker has taken.
  ///   - spans: opens a span for each message.
  ///   - loop: where the relay does its work.
  public init(
    module: String,
    database: PostgresDatabase,
    topic: any Topic,
    auditQueue: (any MessageQueue)?,
    destinations: OutboxDestinations,
    bus: EventBus = EventBus(),
    settings: OutboxSettings = OutboxSettings(),
    spans: Spans = Spans(),
    loop: EventLoop,
    logger: Logger
  ) {
    let signal = ChangeSignal(database: database, channel: PostgresOutbox.channel, loop: loop)
    func worker(_ kind: OutboxStream.Kind, _ destination: OutboxWorker.Destination) -> OutboxWorker {
      OutboxWorker(
        store: OutboxStore(database: database, stream: OutboxStream(module: module, kind: kind)),
        destination: destination,
        settings: settings,
        signal: signal,
        bus: bus,
        spans: spans,
        logger: logger
      )
    }
    var workers = [worker(.event, Self.destination(topic, destinations))]
    if let auditQueue {
      workers.append(worker(.audit, Self.destination(auditQueue, destinations, settings)))
    }
    self.workers = workers
    self.signal = signal
    feed = EventFeed(module: module, database: database, signal: signal)
  }

  private static func destination(_ topic: any Topic, _ destinations: OutboxDestinations)
    -> OutboxWorker.Destination
  {
    .init(
      system: topic.system,
      name: topic.name,
      id: destinations.topic,
      limit: OutgoingMessage.maximumTopicSize,
      isTraced: destinations.tracesEvents,
      statedLimit: { _ in nil },
      send: { message, deadline throws(BrokerError) in
        try await topic.publish(message, deadline: deadline)
      }
    )
  }

  private static func destination(
    _ queue: any MessageQueue,
    _ destinations: OutboxDestinations,
    _ settings: OutboxSettings
  ) -> OutboxWorker.Destination {
    .init(
      system: queue.system,
      name: queue.name,
      id: destinations.auditQueue,
      limit: settings.maximumQueueSize,
      isTraced: destinations.tracesAudits,
      statedLimit: { deadline throws(BrokerError) in
        try await queue.status(deadline: deadline).maximumMessageSize
      },
      send: { message, deadline throws(BrokerError) in
        try await queue.send(message, deadline: deadline)
      }
    )
  }

  /// Begins to publish. Call it once, after the database was migrated.
  public func start() async {
    for worker in workers { await worker.start() }
  }

  /// Takes no more rows and lets the calls in flight end, at most `publishTimeout` and what the database takes.
  public func stop() async {
    for worker in workers { await worker.cancel() }
    for worker in workers { await worker.ended() }
    await signal.stop()
  }

  /// What this process has done, without what only the table knows.
  func counts() async -> OutboxStatistics {
    var sum = OutboxStatistics()
    for worker in workers { sum = sum + (await worker.counts()) }
    return sum
  }

  /// How the outbox stands.
  /// - Throws: `PostgresError`.
  public func statistics(deadline: MonotonicInstant) async throws -> OutboxStatistics {
    var sum = OutboxStatistics()
    for worker in workers { sum = sum + (try await worker.statistics(deadline: deadline)) }
    return sum
  }
}

/// A message of a module's outbox that the broker has taken.
public struct PublishedMessage: BusEvent, Equatable {
  /// Whose it is.
  public let module: String
  /// Whether it went to the audit queue rather than to the topic.
  public let isAudit: Bool
  /// The event type, or what an audit message says was done.
  public let type: String
  /// The id of the record, of an audit message.
  public let record: String?
  /// The broker's id.
  public let messageID: String
  /// As the module left it.
  public let message: [UInt8]
}
