public import EventLoops
public import Logging
internal import Synchronization
public import Time

/// A PostgreSQL database as all loops of a process use it. Each loop has connections of its own, opened when they are
/// first needed; a caller on a loop is served there, any other caller on one of them.
///
/// Reads (`query`) share connections in pipeline mode. Writes belong in `withTransaction`, which leases a connection.
/// Every wait is bounded, by the caller's deadline and by the configuration. Call `shutdown()` before the loops end.
public final class PostgresDatabase: Sendable {
  let group: EventLoopGroup
  let logger: Logger
  private let pools: [LoopPool]
  let configuration: PostgresConfiguration
  private let observer: (any PostgresObserver)?
  private let nextListener = Atomic<UInt64>(0)
  private let notifier = PostCommitNotifier()

  /// Connects to nothing yet.
  /// - Parameters:
  ///   - logger: gets warnings when the server cannot be reached, and its notices at debug level.
  ///   - observer: called for each statement.
  /// - Throws: `PostgresError` of kind `.connectionFailed` when the connection string is not understood.
  public init(
    configuration: PostgresConfiguration,
    group: EventLoopGroup,
    logger: Logger,
    observer: (any PostgresObserver)? = nil
  ) throws(PostgresError) {
    let parameters = try ConnectionParameters(configuration)
    self.configuration = configuration
    self.group = group
    self.observer = observer
    self.logger = logger
    let watch = ServerWatch()
    pools = group.loops.map { loop in
      LoopPool(configuration, parameters: parameters, loop: loop, watch: watch, logger: logger)
    }
    for pool in pools {
      watch.add { [weak pool] sign in
        guard let pool else { return }
        pool.loop.execute { pool.assumeIsolated { $0.hear(sign) } }
      }
    }
    guard let first = pools.first else { return }
    watch.whenConnected { [weak first] in
      guard let first else { return }
      first.loop.execute { first.assumeIsolated { $0.startProbe() } }
    }
  }

  deinit {
    for pool in pools { pool.loop.execute { pool.assumeIsolated { $0.close() } } }
  }

  /// What deadlines of statements and transactions are measured by.
  public var clock: any MonotonicClock { group }

  /// How many transactions a loop can have open at the same time; at least 1.
  public var transactionsPerLoop: Int { max(1, configuration.transactionConnectionsPerLoop) }

  private var pool: LoopPool {
    let loop = EventLoop.current
    if let loop, pools.indices.contains(loop.index), pools[loop.index].loop === loop {
      return pools[loop.index]
    }
    return pools[group.any().index]
  }

  /// Runs one read statement. It shares a connection, and a batch, with other requests' statements, and may be run
  /// again when its connection breaks or its failure asks for it; so it must not write. The server refuses that
  /// (`.readOnly`).
  /// - Parameters:
  ///   - parameters: for `$1`, `$2`, ….
  ///   - deadline: past it the caller gets `.timedOut` and the server is told to stop. The configuration's statement
  ///     time-out holds besides.
  /// - Throws: `PostgresError`; `.poolTimeout`, `.poolExhausted` or `.connectionFailed` when there is no place.
  public func query(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue] = [],
    deadline: MonotonicInstant
  ) async throws(PostgresError) -> PostgresRows {
    let pool = pool
    var reruns = Reruns()
    while true {
      let observed = ObservedStatement(statement, observer, pool)
      do {
        let rows = try await pool.query(statement, parameters, deadline: deadline)
        observed?.ended()
        return rows
      } catch {
        observed?.ended(error)
        // A read that was refused as a write would be so again.
        guard error.kind != .readOnly,
          await reruns.areWorthwhile(after: error, deadline: deadline, clock: group)
        else {
          throw error
        }
      }
    }
  }

  /// Runs `body` in a transaction: committed when it returns, rolled back when it throws, when its task is cancelled
  /// or when the deadline passes. `BEGIN` travels with the first statement. The connection is leased for all that time,
  /// so wait for nothing but the database in it.
  ///
  /// A transaction that failed with what running it again cures (``PostgresError/isRetriable``) has done nothing, and
  /// `body` is run again from its start, at most three times. So it must change nothing but the database, and tell
  /// nobody else. It is never run again once COMMIT was sent and not answered.
  /// - Parameter deadline: for all of it, the wait for a connection (at most the configuration's lease time-out)
  ///   included.
  /// - Throws: what `body` throws; a `PostgresError` for a connection that cannot be had, or for the commit:
  ///   `.commitUnknown` when its answer was lost.
  @discardableResult
  public func withTransaction<Value>(
    isolation: PostgresIsolation = .readCommitted,
    deadline: MonotonicInstant,
    _ body: (PostgresTransaction) async throws -> Value
  ) async throws -> Value {
    let pool = pool
    var reruns = Reruns()
    while true {
      let transaction = PostgresTransaction(
        pool: pool,
        lease: try await pool.lease(deadline: deadline),
        isolation: isolation,
        deadline: deadline,
        statementTimeout: configuration.statementTimeout,
        observer: observer
      )
      do {
        let value = try await run(transaction, body)
        if !transaction.notifications.isEmpty {
          notifier.send(transaction.notifications, clock: group) { await self.notify($0) }
        }
        return value
      } catch {
        // What failed first, whatever `body` made of it.
        guard let failure = transaction.failure,
          await reruns.areWorthwhile(after: failure, deadline: deadline, clock: group)
        else { throw error }
      }
    }
  }

  private static let notify = PostgresStatement(name: "notify", sql: "select pg_notify($1, $2)")

  private func notify(_ notification: PostCommitNotifier.Notification) async {
    _ = try? await query(
      Self.notify,
      [.text(notification.channel), .text(notification.payload)],
      deadline: group.now() + .seconds(5)
    )
  }

  private func run<Value>(
    _ transaction: PostgresTransaction,
    _ body: (PostgresTransaction) async throws -> Value
  ) async throws -> Value {
    let value: Value
    do {
      value = try await body(transaction)
    } catch {
      await transaction.rollBack()
      throw error
    }
    try await transaction.commit()
    return value
  }

  /// Leases a connection without a transaction, for what a transaction cannot do.
  /// - Parameter isForOnce: whether the connection is closed afterwards, with all that was set on it.
  func withSession<Value>(
    deadline: MonotonicInstant,
    isForOnce: Bool = false,
    _ body: (PostgresSession) async throws -> Value
  ) async throws -> Value {
    let pool = pool
    let lease = try await pool.lease(deadline: deadline)
    let value: Value
    do {
      value = try await body(PostgresSession(pool: pool, lease: lease, deadline: deadline))
    } catch {
      await pool.giveBack(lease, isSpoilt: true)
      throw error
    }
    await pool.giveBack(lease, isSpoilt: isForOnce)
    return value
  }

  /// Runs `body` with the same database as another user sees it, whose connections end with it.
  /// - Parameter other: of that user; nil for this one.
  /// - Throws: what `body` throws; `PostgresError` of kind `.connectionFailed` when the configuration is not understood.
  @discardableResult
  public func withUser<Value: Sendable>(
    of other: PostgresConfiguration?,
    _ body: (PostgresDatabase) async throws -> Value
  ) async throws -> Value {
    guard let other else { return try await body(self) }
    let database = try PostgresDatabase(configuration: other, group: group, logger: logger)
    let result: Result<Value, any Error>
    do { result = .success(try await body(database)) } catch { result = .failure(error) }
    await database.shutdown()
    return try result.get()
  }

  /// Listens for `NOTIFY` on a channel, on one connection for all listeners, which is reopened whenever it breaks. The
  /// stream keeps the newest 256 notifications that nobody has taken; it ends with `shutdown()`, and stops listening
  /// when it is dropped.
  /// - Parameter channel: 1 to 63 bytes, taken as written (case counts).
  /// - Throws: `PostgresError` of kind `.invalidParameter` for another channel name.
  public func listen(_ channel: String) throws(PostgresError) -> AsyncStream<PostgresNotification> {
    guard NotificationListener.isValid(channel), let pool = pools.first else {
      throw PostgresError(.invalidParameter, detail: "not a channel name")
    }
    let id = nextListener.wrappingAdd(1, ordering: .relaxed).newValue
    let (stream, sink) = AsyncStream.makeStream(
      of: PostgresNotification.self,
      bufferingPolicy: .bufferingNewest(256)
    )
    sink.onTermination = { _ in
      pool.loop.execute { pool.assumeIsolated { $0.removeListener(id) } }
    }
    pool.loop.execute { pool.assumeIsolated { $0.addListener(id, to: channel, sink) } }
    return stream
  }

  /// How busy the connections are.
  public func statistics() async -> PostgresStatistics {
    var sum = PostgresStatistics()
    for pool in pools { sum = sum + (await pool.statistics) }
    return sum
  }

  /// Closes the connections; whoever waits gets `.shutDown`. A transaction in progress may end; its connection is closed
  /// then.
  public func shutdown() async {
    for pool in pools { await pool.close() }
  }
}
