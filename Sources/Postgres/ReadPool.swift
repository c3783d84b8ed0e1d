internal import DequeModule
internal import EventLoops
internal import Logging

/// The reads of one event loop, pipelined on a few shared connections. Reads that come in one turn of the loop travel
/// as one batch with one synchronisation point, which is one system call.
///
/// A read may run twice on the server: after its connection broke, or after a neighbour's failure or cancellation
/// voided it, it is sent again once. So only statements that change nothing belong here.
actor ReadPool {
  private final class Slot {
    var connection: ServerConnection?
    var inFlight: [Int: PendingRead] = [:]
    var isConnecting = false
    /// A cancel is under way: what fails with `queryCancelled` meanwhile may be somebody else's read.
    var isCancelling = false
  }

  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private typealias Answer = UnsafeContinuation<Result<PostgresRows, PostgresError>, Never>

  private let configuration: PostgresConfiguration
  private let logger: Logger
  private let slots: [Slot]
  private var waiting = Deque<PendingRead>()
  private var isFlushScheduled = false
  private var sweepTimer: ScheduledTimer?
  private var isShutDown = false
  private var lastKey = 0
  private static let maximumAttempts = 3

  init(configuration: PostgresConfiguration, loop: EventLoop, logger: Logger) {
    self.configuration = configuration
    self.loop = loop
    self.logger = logger
    slots = (0..<max(1, configuration.readConnections)).map { _ in Slot() }
  }

  var statistics: PoolStatistics {
    PoolStatistics(
      connections: slots.count { $0.connection != nil },
      inUse: slots.reduce(0) { $0 + $1.inFlight.count },
      waiting: waiting.count
    )
  }

  // MARK: Asking

  func query(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue],
    deadline: MonotonicInstant
  ) async throws(PostgresError) -> PostgresRows {
    let box = ReadBox()
    let loop = loop
    let result = await withTaskCancellationHandler {
      await withUnsafeContinuation { (continuation: Answer) in
        guard !Task.isCancelled else {
          continuation.resume(
            returning: .failure(PostgresError(.cancelled, message: "the task was cancelled"))
          )
          return
        }
        box.read = begin(statement, parameters, deadline, continuation)
      }
    } onCancel: {
      loop.execute { box.cancel() }
    }
    return try result.get()
  }

  private func begin(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue],
    _ deadline: MonotonicInstant,
    _ continuation: Answer
  ) -> PendingRead {
    let now = MonotonicInstant.now()
    let read = PendingRead(
      statement: statement,
      parameters: parameters,
      deadline: deadline,
      placeDeadline: min(deadline, now + configuration.leaseTimeout),
      continuation: continuation
    )
    if isShutDown {
      read.answer(.failure(PostgresError(.connectionLost, message: "the pool is shut down")))
    } else if waiting.count >= configuration.maximumWaiting {
      read.answer(.failure(PostgresError(.poolTimeout, message: "too many reads are waiting")))
    } else {
      waiting.append(read)
      scheduleFlush()
      scheduleSweep()
    }
    return read
  }

  // MARK: Sending

  private func scheduleFlush() {
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    loop.atEndOfTick { [weak self] in
      self?.assumeIsolated { $0.dispatch() }
    }
  }

  /// Gives waiting reads to connections and sends each connection's batch.
  private func dispatch() {
    isFlushScheduled = false
    for index in slots.indices where slots[index].connection == nil { connect(index) }
    var touched: Set<Int> = []
    while let read = waiting.first {
      if read.isAnswered {
        waiting.removeFirst()
        continue
      }
      guard let index = leastBusy() else { break }
      waiting.removeFirst()
      send(read, on: index)
      touched.insert(index)
    }
    for index in touched { slots[index].connection?.flush() }
  }

  private func leastBusy() -> Int? {
    var best: Int?
    for (index, slot) in slots.enumerated()
    where slot.connection != nil && slot.inFlight.count < configuration.maximumInFlight {
      if let best, slots[best].inFlight.count <= slot.inFlight.count { continue }
      best = index
    }
    return best
  }

  private func send(_ read: PendingRead, on index: Int) {
    read.attempts += 1
    lastKey &+= 1
    let key = lastKey
    slots[index].inFlight[key] = read
    slots[index].connection?.send(read.statement, read.parameters) { [weak self] result in
      // Completions come from the connection, which is driven by this actor's loop.
      self?.assumeIsolated { $0.complete(index, key, result) }
    }
  }

  private func complete(_ index: Int, _ key: Int, _ result: Result<PostgresRows, PostgresError>) {
    guard let read = slots[index].inFlight.removeValue(forKey: key), !read.isAnswered else { return }
    if case .failure(let error) = result, read.attempts < Self.maximumAttempts, mayRunAgain(error),
      MonotonicInstant.now() < read.deadline
    {
      waiting.prepend(read)
      scheduleFlush()
    } else {
      read.answer(result)
    }
    if !waiting.isEmpty { scheduleFlush() }
  }

  /// Whether a read failed for a reason that was not its own.
  private func mayRunAgain(_ error: PostgresError) -> Bool {
    error == .notRun || error.endsConnection || error.kind == .queryCancelled || error.sqlState == "26000"
      || error.sqlState == "0A000"
  }

  // MARK: Connections

  private func connect(_ index: Int) {
    guard !slots[index].isConnecting, !isShutDown else { return }
    slots[index].isConnecting = true
    Task(executorPreference: loop) { await self.reconnect(index) }
  }

  private func reconnect(_ index: Int) async {
    let slot = slots[index]
    var backOff = BackOff()
    while !isShutDown {
      do throws(PostgresError) {
        let handle = try await Connector.connect(configuration)
        let connection = try ServerConnection(handle, loop: loop)
        guard !isShutDown else { return connection.close() }
        connection.onBroken = { [weak self] error in
          self?.assumeIsolated { $0.broken(index, error) }
        }
        slot.connection = connection
        slot.isConnecting = false
        return dispatch()
      } catch {
        logger.warning(
          "cannot connect to PostgreSQL; trying again",
          metadata: ["kind": "\(error.kind.rawValue)"]
        )
        logger.debug("PostgreSQL said", metadata: ["text": "\(error.message)"])
      }
      await backOff.wait(on: loop)
    }
    slot.isConnecting = false
  }

  private func broken(_ index: Int, _ error: PostgresError) {
    logger.warning("a connection to PostgreSQL broke", metadata: ["sqlState": "\(error.sqlState ?? "-")"])
    slots[index].connection = nil
    connect(index)
  }

  // MARK: Deadlines

  private func scheduleSweep() {
    guard sweepTimer == nil else { return }
    sweepTimer = loop.schedule(after: .milliseconds(20)) { [weak self] in
      self?.assumeIsolated { $0.sweep() }
    }
  }

  /// Fails what has passed its deadline. One timer for all reads is far cheaper than one each, and 20 ms is close
  /// enough for deadlines of seconds.
  private func sweep() {
    sweepTimer = nil
    let now = MonotonicInstant.now()
    for read in waiting where read.placeDeadline <= now {
      read.answer(.failure(PostgresError(.poolTimeout, message: "no connection became free in time")))
    }
    waiting.removeAll { $0.isAnswered }
    for slot in slots {
      var hasAbandoned = false
      for read in slot.inFlight.values where read.deadline <= now || read.isAnswered {
        read.answer(.failure(PostgresError(.timedOut, message: "the statement took too long")))
        hasAbandoned = true
      }
      if hasAbandoned { cancel(slot) }
    }
    if !waiting.isEmpty || slots.contains(where: { !$0.inFlight.isEmpty }) { scheduleSweep() }
  }

  /// Cancels what the connection runs. At most one cancel in a fifth of a second: it may hit a neighbour, which is then
  /// sent again.
  private func cancel(_ slot: Slot) {
    guard !slot.isCancelling else { return }
    slot.isCancelling = true
    slot.connection?.cancelOnServer()
    _ = loop.schedule(after: .milliseconds(200)) { [weak slot] in slot?.isCancelling = false }
  }

  /// Ends all connections; reads still in flight get `connectionLost`.
  func shutdown() {
    isShutDown = true
    sweepTimer?.cancel()
    for slot in slots {
      slot.connection?.close()
      slot.connection = nil
    }
    for read in waiting {
      read.answer(.failure(PostgresError(.connectionLost, message: "the pool is shut down")))
    }
    waiting.removeAll()
  }
}

/// Carries a read into a cancellation handler, which runs on any thread.
///
/// `@unchecked Sendable`: `read` is set and `cancel()` called on the pool's loop only.
private final class ReadBox: @unchecked Sendable {
  var read: PendingRead?

  func cancel() { read?.answer(.failure(PostgresError(.cancelled, message: "the task was cancelled"))) }
}
