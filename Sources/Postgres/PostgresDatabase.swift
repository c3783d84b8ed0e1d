public import EventLoops
public import Logging
internal import Synchronization
public import Time

/// A PostgreSQL database as all loops of a process use it. Each loop has connections of its own, opened when they are
/// first needed; a caller on a loop is served there, any other caller on one of them.
///
/// Reads (`query`) share connections in pipeline mode. Writes belong in `withTransaction`, which lends a connection.
/// Every wait is bounded, by the caller's deadline and by the configuration. Call `shutdown()` before the loops end.
public final class PostgresDatabase: Sendable {
  let group: EventLoopGroup
  let logger: Logger
  private let pools: [LoopPool]
  let configuration: PostgresConfiguration
  private let observer: (any PostgresObserver)?
  private let nextListener = Atomic<UInt64>(0)
  private let notices = CommitNotices()

  /// Connects to nothing yet.
  /// - Parameters:
  ///   - logger: gets warnings when the server cannot be reached, and its notices at debug level.
  ///   - observer: told of each statement.
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
    pools = group.loops.map { LoopPool(configuration, parameters: parameters, loop: $0, logger: logger) }
  }

  deinit {
    for pool in pools { pool.loop.execute { pool.assumeIsolated { $0.close() } } }
  }

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
      let observed = ObservedStatement(statement, observer)
      do {
        let rows = try await pool.query(statement, parameters, deadline: deadline)
        observed?.ended()
        return rows
      } catch {
        observed?.ended(error)
        // A read that was refused as a write would be so again.
        guard error.kind != .readOnly, await reruns.areWorthwhile(after: error, deadline: deadline) else {
          throw error
        }
      }
    }
  }

  /// Runs `body` in a transaction: committed when it returns, rolled back when it throws, when its task is cancelled
  /// or when the deadline passes. `BEGIN` travels with the first statement. The connection is lent for all that time,
  /// so wait for nothing but the database in there.
  ///
  /// A transaction that failed with what running it again cures (``PostgresError/isRetriable``) has done nothing, and
  /// `body` is run again from its start, at most three times. So it must change nothing but the database, and tell
  /// nobody else. It is never run again once COMMIT was sent and not answered.
  /// - Parameter deadline: for all of it, the wait for a connection (at most the configuration's lease time-out)
  ///   included.
  /// - Throws: what `body` throws; a `PostgresError` for a connection that is not to be had, or for the commit:
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
        notices.send(transaction.notices, by: self)
        return value
      } catch {
        // What failed first, whatever `body` made of it.
        guard let failure = transaction.failure,
          await reruns.areWorthwhile(after: failure, deadline: deadline)
        else { throw error }
      }
    }
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

  /// Lends a connection without a transaction, for what a transaction cannot do.
  func withSession<Value>(
    deadline: MonotonicInstant,
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
    await pool.giveBack(lease)
    return value
  }

  /// Hears `NOTIFY` on a channel, on one connection for all listeners, which is opened again whenever it breaks. The
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

  /// Closes the connections; whoever waits gets `.shutDown`. A transaction under way may end; its connection is closed
  /// then.
  public func shutdown() async {
    for pool in pools { await pool.close() }
  }
}
