internal import Concurrency
public import EventLoops
public import Logging
public import Postgres
public import Time

/// Retries all dead letters of a module at an interval, by one replica at a time, and logs those that fail again and
/// again.
public actor DeadLetterRedrive {
  nonisolated let loop: EventLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// Rounds in a row that found dead letters, after which an error is logged.
  private static let patience = 3

  private let queues: [AdministeredQueue]
  private let interval: Duration
  private let lease: Lease
  private let admin: QueueAdmin
  private let logger: Logger
  private var rounds: [String: Int] = [:]
  private let turns: Rounds

  /// - Parameters:
  ///   - name: distinguishes it from others on the same database.
  ///   - database: where replicas agree whose turn it is; migrated by ``EventsMigrations``.
  ///   - clock: what the interval is measured by.
  public init(
    name: String,
    queues: [AdministeredQueue],
    interval: Duration,
    database: PostgresDatabase,
    admin: QueueAdmin,
    clock: any MonotonicClock,
    loop: EventLoop,
    logger: Logger
  ) {
    self.queues = queues.filter { $0.deadLetterQueue != nil }
    self.interval = interval
    lease = Lease(name: "redrive/\(name)", database: database)
    self.admin = admin
    self.loop = loop
    turns = Rounds(every: interval, clock: clock)
    self.logger = logger
  }

  /// Begins; a second call does nothing.
  public func start() { turns.start(on: loop) { await self.take() } }

  /// Ends, once the round in progress has ended.
  public func stop() async {
    await turns.stop()
  }

  /// By name of the dead-letter queue: rounds of this process in a row that found something there.
  public func failingRounds() -> [String: Int] { rounds.filter { $0.value > 0 } }

  /// Takes the turn, unless another replica has it.
  private func take() async -> Bool {
    do {
      // A little shorter than the interval, so that the next turn is free when it comes.
      if try await lease.take(for: interval * 0.9, deadline: loop.now() + interval) { await redrive() }
      return true
    } catch {
      logger.warning("dead letters could not be retried", metadata: ["reason": "\(error)"])
      return false
    }
  }

  private func redrive() async {
    for entry in queues {
      guard let name = entry.deadLetterQueue?.name else { continue }
      do throws(BrokerError) {
        let found = try await admin.retry(entry, deadline: loop.now() + .seconds(60))
        rounds[name] = found > 0 ? rounds[name, default: 0] + 1 : 0
        let count = rounds[name, default: 0]
        guard count >= Self.patience else { continue }
        logger.error(
          "dead letters fail again after each retry",
          metadata: ["dlq": "\(name)", "messages": "\(found)", "rounds": "\(count)"]
        )
      } catch {
        logger.warning(
          "dead letters could not be retried",
          metadata: ["dlq": "\(name)", "reason": "\(error)"]
        )
      }
    }
  }
}
