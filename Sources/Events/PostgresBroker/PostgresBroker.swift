public import EventLoops
public import Postgres
public import Time

/// Topics and queues in a database, for deployments without SNS and SQS: durable, shared by all processes on the
/// database, with SQS's visibility timeouts, receive counts and dead-letter queues and SNS's envelopes and filters.
public final class PostgresBroker: Sendable {
  let database: PostgresDatabase
  let signal: ChangeSignal
  let loop: EventLoop
  let clock: any WallClock

  /// - Parameters:
  ///   - database: migrated by ``EventsMigrations``.
  ///   - loop: where it sends, and hears of new messages.
  ///   - clock: for the time in an envelope.
  public init(database: PostgresDatabase, loop: EventLoop, clock: any WallClock) {
    self.database = database
    self.clock = clock
    self.loop = loop
    signal = ChangeSignal(database: database, channel: QueueStore.channel, loop: loop)
  }

  /// - Parameter arn: its last part is the topic's name.
  public func topic(arn: String) -> PostgresTopic { PostgresTopic(arn: arn, broker: self) }

  /// The queue of that name, whether or not it is there.
  public func queue(_ name: String) -> PostgresQueue { PostgresQueue(name: name, broker: self) }

  /// Makes what is missing and brings the rest up to the definitions; messages stay. Any number of processes may do so
  /// at once.
  /// - Parameter topics: ARNs.
  /// - Throws: `BrokerError`; kind `misconfigured` for a subscription to a topic that is not there.
  public func create(
    topics: [String],
    queues: [QueueDefinition],
    deadline: MonotonicInstant
  ) async throws(BrokerError) {
    do {
      try await database.withTransaction(deadline: deadline) { transaction in
        // Two that write the same names in different orders would wait for each other.
        _ = try await transaction.query(BrokerSetup.lock)
        for arn in topics {
          try await transaction.execute(BrokerSetup.topic, [.text(BrokerARN.name(arn)), .text(arn)])
        }
        for queue in queues { try await BrokerSetup.create(queue, in: transaction) }
      }
    } catch {
      throw BrokerError(error, doing: "create topics and queues")
    }
  }

  /// Stops listening for new messages; queues then look by themselves.
  public func stop() async { await signal.stop() }
}

/// The SQL that makes topics, queues and subscriptions.
private enum BrokerSetup {
  static let lock = PostgresStatement(
    name: "broker_lock",
    sql: "select pg_advisory_xact_lock(hashtext('gateway_queue'))"
  )

  static let topic = PostgresStatement(
    name: "broker_create_topic",
    sql: """
      insert into gateway_topic (name, arn) values ($1, $2) on conflict (name) do update set arn = excluded.arn
      """
  )

  private static let queue = PostgresStatement(
    name: "broker_create_queue",
    sql: """
      insert into gateway_queue (name, arn, visibility_timeout_ms, dead_letter_queue, max_receive_count)
      values ($1, $2, $3, $4, $5)
      on conflict (name) do update set visibility_timeout_ms = excluded.visibility_timeout_ms,
        dead_letter_queue = excluded.dead_letter_queue, max_receive_count = excluded.max_receive_count
      """
  )

  private static let deadLetterQueue = PostgresStatement(
    name: "broker_create_dead_letter_queue",
    sql: """
      insert into gateway_queue (name, arn, visibility_timeout_ms) values ($1, $2, $3)
      on conflict (name) do nothing
      """
  )

  private static let subscription = PostgresStatement(
    name: "broker_subscribe",
    sql: """
      insert into gateway_subscription (topic, queue, filter_policy) values ($1, $2, $3)
      on conflict (topic, queue) do update set filter_policy = excluded.filter_policy
      """
  )

  static func create(_ definition: QueueDefinition, in transaction: PostgresTransaction) async throws {
    let timeout = PostgresValue.int8(definition.visibilityTimeout.wholeMilliseconds)
    if let name = definition.deadLetterQueue {
      try await transaction.execute(
        deadLetterQueue,
        [.text(name), .text(BrokerARN.queue(name)), timeout]
      )
    }
    let limit: PostgresValue =
      definition.deadLetterQueue == nil ? .null : .int4(Int32(clamping: definition.maximumReceiveCount))
    try await transaction.execute(
      queue,
      [
        .text(definition.name), .text(BrokerARN.queue(definition.name)), timeout,
        .optional(definition.deadLetterQueue), limit,
      ]
    )
    for wanted in definition.subscriptions {
      try await transaction.execute(
        subscription,
        [
          .text(wanted.topic), .text(definition.name),
          wanted.filter.map { .jsonb($0.json) } ?? .null,
        ]
      )
    }
  }
}
