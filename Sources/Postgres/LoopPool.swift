import Concurrency
import EventLoops
internal import Logging
internal import Time

/// Everything of one database that belongs to one loop. Runs on that loop's thread, so its parts need no locks.
actor LoopPool {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// What the deadlines of its statements are measured by.
  nonisolated func now() -> MonotonicInstant { loop.now() }

  /// Waits, by the same clock.
  /// - Returns: false for a task that was cancelled.
  func pause(for duration: Duration) async -> Bool { await loop.pause(for: duration) }

  private let configuration: PostgresConfiguration
  private let connector: Connector
  private let reads: ReadPipeline
  private let leases: LeasePool
  private let listener: NotificationListener
  private let probe: ServerProbe

  init(
    _ configuration: PostgresConfiguration,
    parameters: ConnectionParameters,
    loop: EventLoop,
    watch: ServerWatch,
    logger: Logger
  ) {
    self.loop = loop
    self.configuration = configuration
    connector = Connector(parameters: parameters, configuration: configuration, loop: loop, logger: logger)
    reads = ReadPipeline(connector: connector, configuration: configuration, watch: watch)
    leases = LeasePool(connector: connector, configuration: configuration, watch: watch)
    listener = NotificationListener(connector: connector, configuration: configuration, watch: watch)
    probe = ServerProbe(connector: connector, configuration: configuration, watch: watch)
  }

  // MARK: Reads

  func query(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue],
    deadline: MonotonicInstant
  ) async throws(PostgresError) -> PostgresRows {
    do throws(PostgresError) {
      try ParameterEncoder.check(parameters, of: statement)
    } catch {
      throw error.named(statement.name)
    }
    let now = loop.now()
    let job = StatementJob(
      statement,
      parameters,
      deadline: min(deadline, now + configuration.statementTimeout)
    )
    let loop = loop
    let answer = await withCancellableContinuation { continuation in
      job.setCaller(continuation)
      if Task.isCancelled {
        job.finish(.failure(PostgresError(.cancelled)))
      } else if job.deadline <= now {
        job.finish(.failure(PostgresError(.timedOut)))
      } else {
        reads.submit(job, at: now)
      }
    } onCancel: {
      loop.execute { self.assumeIsolated { $0.reads.abandon(job, PostgresError(.cancelled)) } }
    }
    return try answer.get()
  }

  // MARK: Leases

  /// Waits for a lease of a connection. It must be ended.
  func lease(deadline: MonotonicInstant) async throws(PostgresError) -> LeasePool.LeaseID {
    if Task.isCancelled { throw PostgresError(.cancelled) }
    let waiter = LeasePool.Waiter()
    let loop = loop
    let result = await withCancellableContinuation { continuation in
      waiter.setCaller(continuation)
      leases.request(waiter, deadline: deadline)
    } onCancel: {
      loop.execute { self.assumeIsolated { $0.leases.abandon(waiter) } }
    }
    return try result.get()
  }

  /// Runs a statement on a leased connection.
  /// - Parameters:
  ///   - earlier: sent in the same batch before it; if one of them fails, so does the statement, with its error.
  ///   - isCancellable: false for what must end properly even when its task is cancelled.
  func run(
    _ job: StatementJob,
    on lease: LeasePool.LeaseID,
    after earlier: [StatementJob] = [],
    isCancellable: Bool = true
  ) async -> StatementJob.Answer {
    let loop = loop
    guard isCancellable else {
      return await withUnsafeContinuation { continuation in
        job.setCaller(continuation)
        leases.run(job, on: lease, after: earlier)
      }
    }
    return await withCancellableContinuation { continuation in
      job.setCaller(continuation)
      if Task.isCancelled {
        job.finish(.failure(PostgresError(.cancelled)))
      } else {
        leases.run(job, on: lease, after: earlier)
      }
    } onCancel: {
      loop.execute { self.assumeIsolated { $0.leases.abandon(job, on: lease, PostgresError(.cancelled)) } }
    }
  }

  /// Why the lease's connection can do nothing more, if so.
  func obstacle(_ lease: LeasePool.LeaseID) -> PostgresError? { leases.obstacle(lease) }

  /// 0 once the connection is gone.
  func toldProcessID(_ lease: LeasePool.LeaseID) -> Int32 { leases.toldProcessID(lease) }

  /// Ends a lease.
  /// - Parameter isSpoilt: whether the session holds something that only its end undoes.
  func giveBack(_ lease: LeasePool.LeaseID, isSpoilt: Bool = false) {
    if isSpoilt { leases.spoil(lease) }
    leases.giveBack(lease)
  }

  // MARK: Notifications

  func addListener(_ id: UInt64, to channel: String, _ sink: AsyncStream<PostgresNotification>.Continuation) {
    listener.add(id, to: channel, sink)
  }

  func removeListener(_ id: UInt64) { listener.remove(id) }

  // MARK: Life

  var statistics: PostgresStatistics {
    PostgresStatistics(
      reads: reads.statistics,
      transactions: leases.statistics,
      listeners: listener.isConnected ? 1 : 0
    )
  }

  /// Begins to ask, now and then, which server new connections reach. On one loop of a database.
  func startProbe() { probe.start() }

  /// What is known of the server.
  func hear(_ sign: ServerWatch.Sign) {
    if case .reaches = sign { connector.serverAnswers() }
    reads.hear(sign)
    leases.hear(sign)
    listener.hear(sign)
  }

  func close() {
    probe.close()
    reads.close()
    leases.close()
    listener.close()
    connector.close()
  }
}
