public import EventLoops
public import Logging

/// A database, as modules use it: pipelined reads and exclusive transactions, on connections of the loop that asks.
public final class PostgresDatabase: Sendable {
  /// How far transactions are kept apart (PostgreSQL manual, 13.2).
  public enum Isolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
  }

  public let configuration: PostgresConfiguration
  private let reads: [ReadPool]
  private let leases: [LeasePool]

  /// Makes the pools; connections are opened when they are first needed.
  public init(configuration: PostgresConfiguration, group: EventLoopGroup, logger: Logger) {
    self.configuration = configuration
    reads = group.loops.map { ReadPool(configuration: configuration, loop: $0, logger: logger) }
    leases = group.loops.map { LeasePool(configuration: configuration, loop: $0, logger: logger) }
  }

  /// The position of the caller's loop, 0 for a caller on none.
  private var current: Int {
    guard let index = EventLoop.current?.index, reads.indices.contains(index) else { return 0 }
    return index
  }

  /// Runs one statement that changes nothing. It shares a connection with other reads and may run again when the
  /// connection breaks, so never use it for a write.
  /// - Parameter deadline: when the caller gets `timedOut` and the server is told to stop.
  /// - Throws: `PostgresError`; `poolTimeout` when no connection had a place within the lease timeout.
  public func query(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue] = [],
    deadline: MonotonicInstant
  ) async throws(PostgresError) -> PostgresRows {
    try await reads[current].query(
      statement,
      parameters,
      deadline: min(deadline, .now() + configuration.statementTimeout)
    )
  }

  /// Runs `body` in a transaction on a connection of its own: committed when it returns, rolled back when it throws or
  /// the task is cancelled. No call to another service belongs inside.
  /// - Parameter deadline: for everything together, the wait for the connection included (which is also held to the
  ///   lease timeout).
  /// - Throws: what `body` throws, or `PostgresError`: `poolTimeout`, `timedOut`, `commitUnknown` when the answer to
  ///   COMMIT was lost.
  public func withTransaction<Result>(
    isolation: Isolation = .readCommitted,
    deadline: MonotonicInstant,
    _ body: (PostgresTransaction) async throws -> Result
  ) async throws -> Result {
    let pool = leases[current]
    let lease = try await pool.lease(deadline: deadline)
    let beginning = TransactionBeginning("BEGIN ISOLATION LEVEL \(isolation.rawValue)")
    let transaction = PostgresTransaction(pool: pool, lease: lease, deadline: deadline, beginning: beginning)
    let result: Result
    do {
      result = try await body(transaction)
      if Task.isCancelled { throw PostgresError(.cancelled, message: "the task was cancelled") }
    } catch {
      await rollBack(transaction)
      throw error
    }
    try await commit(transaction)
    return result
  }

  private func commit(_ transaction: PostgresTransaction) async throws(PostgresError) {
    guard transaction.beginning.isTaken else { return await transaction.pool.giveBack(transaction.lease) }
    do throws(PostgresError) {
      let answer = try await transaction.pool.run(
        transaction.lease,
        .command("COMMIT"),
        deadline: transaction.deadline,
        isCancellable: false
      )
      // PostgreSQL answers COMMIT of a failed transaction by rolling back, and calls that a success.
      guard answer.commandTag == "COMMIT" else {
        throw PostgresError(
          .other,
          sqlState: "25P02",
          message: "a statement had failed; the transaction was rolled back"
        )
      }
      await transaction.pool.giveBack(transaction.lease)
    } catch {
      await transaction.pool.giveBack(transaction.lease, isReusable: false)
      if error.kind == .connectionLost || error.kind == .timedOut {
        throw PostgresError(.commitUnknown, sqlState: error.sqlState, message: error.message)
      }
      throw error
    }
  }

  private func rollBack(_ transaction: PostgresTransaction) async {
    guard transaction.beginning.isTaken else { return await transaction.pool.giveBack(transaction.lease) }
    do throws(PostgresError) {
      _ = try await transaction.pool.run(
        transaction.lease,
        .command("ROLLBACK"),
        deadline: .now() + .seconds(5),
        isCancellable: false
      )
      await transaction.pool.giveBack(transaction.lease)
    } catch {
      // A connection that could not roll back is closed, and the server rolls back for it.
      await transaction.pool.giveBack(transaction.lease, isReusable: false)
    }
  }

  /// The read connections and the transaction connections of all loops.
  public func statistics() async -> (reads: PoolStatistics, transactions: PoolStatistics) {
    var sums = (
      reads: PoolStatistics(connections: 0, inUse: 0, waiting: 0),
      transactions: PoolStatistics(connections: 0, inUse: 0, waiting: 0)
    )
    for pool in reads { sums.reads = sums.reads + (await pool.statistics) }
    for pool in leases { sums.transactions = sums.transactions + (await pool.statistics) }
    return sums
  }

  /// Closes all connections. What is in flight gets `connectionLost`.
  public func shutdown() async {
    for pool in reads { await pool.shutdown() }
    for pool in leases { await pool.shutdown() }
  }
}
