internal import DequeModule
internal import EventLoops
internal import Logging

/// The connections of one event loop that are lent to one transaction at a time.
actor LeasePool {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private typealias Waiter = UnsafeContinuation<Result<Int, PostgresError>, Never>

  private struct Waiting {
    let id: Int
    let continuation: Waiter
    let timer: ScheduledTimer
  }

  private let configuration: PostgresConfiguration
  private let logger: Logger
  /// Connections lent out, by lease; nil while one is being made or has broken.
  private var leases: [Int: ServerConnection?] = [:]
  private var idle: [ServerConnection] = []
  private var waiting = Deque<Waiting>()
  private var lastID = 0
  private var isShutDown = false

  init(configuration: PostgresConfiguration, loop: EventLoop, logger: Logger) {
    self.configuration = configuration
    self.loop = loop
    self.logger = logger
  }

  var statistics: PoolStatistics {
    PoolStatistics(
      connections: idle.count + leases.values.count { $0 != nil },
      inUse: leases.count,
      waiting: waiting.count
    )
  }

  // MARK: Leases

  /// Waits for a connection, in the order of asking, and lends it.
  /// - Returns: the lease's number, for `run` and `giveBack`.
  func lease(deadline: MonotonicInstant) async throws(PostgresError) -> Int {
    if Task.isCancelled { throw PostgresError(.cancelled, message: "the task was cancelled") }
    if isShutDown { throw PostgresError(.connectionLost, message: "the pool is shut down") }
    lastID &+= 1
    let id = lastID
    if leases.count < configuration.writeConnections, waiting.isEmpty {
      leases[id] = .some(nil)
    } else {
      guard waiting.count < configuration.maximumWaiting else {
        throw PostgresError(.poolTimeout, message: "too many transactions are waiting")
      }
      try await waitForTurn(id, deadline: min(deadline, .now() + configuration.leaseTimeout))
    }
    do throws(PostgresError) {
      try await connect(id)
      return id
    } catch {
      giveBack(id)
      throw error
    }
  }

  private func waitForTurn(_ id: Int, deadline: MonotonicInstant) async throws(PostgresError) {
    let loop = loop
    let result = await withTaskCancellationHandler {
      await withUnsafeContinuation { (continuation: Waiter) in
        let timer = loop.schedule(at: deadline) { [weak self] in
          guard let self else { return }
          self.assumeIsolated {
            $0.giveUp(id, PostgresError(.poolTimeout, message: "no connection became free in time"))
          }
        }
        waiting.append(Waiting(id: id, continuation: continuation, timer: timer))
      }
    } onCancel: {
      loop.execute { [weak self] in
        guard let self else { return }
        self.assumeIsolated { $0.giveUp(id, PostgresError(.cancelled, message: "the task was cancelled")) }
      }
    }
    _ = try result.get()
  }

  private func giveUp(_ id: Int, _ error: PostgresError) {
    guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
    let waiter = waiting.remove(at: index)
    waiter.timer.cancel()
    waiter.continuation.resume(returning: .failure(error))
  }

  private func connect(_ id: Int) async throws(PostgresError) {
    while let connection = idle.popLast() {
      guard connection.isOpen else { continue }
      connection.onBroken = nil
      leases[id] = connection
      return
    }
    let handle = try await Connector.connect(configuration)
    leases[id] = try ServerConnection(handle, loop: loop)
  }

  /// Ends a lease. The connection is kept for the next one if it is still good and `isReusable`.
  func giveBack(_ id: Int, isReusable: Bool = true) {
    guard let entry = leases.removeValue(forKey: id) else { return }
    if let connection = entry {
      if isReusable, connection.isOpen, !isShutDown {
        connection.onBroken = { [weak self] _ in
          guard let self else { return }
          self.assumeIsolated { pool in pool.idle.removeAll { !$0.isOpen } }
        }
        idle.append(connection)
      } else {
        connection.close()
      }
    }
    guard leases.count < configuration.writeConnections, let next = waiting.popFirst() else { return }
    next.timer.cancel()
    leases[next.id] = .some(nil)
    next.continuation.resume(returning: .success(next.id))
  }

  // MARK: Statements

  /// What a lease's connection is to do.
  enum Work: Sendable {
    /// A statement; before the first one of a transaction, `command` (its BEGIN) travels with it.
    case statement(PostgresStatement, [PostgresValue], after: String?)
    case command(String)
  }

  /// Runs one statement on a lease's connection. When the deadline passes or the task is cancelled, the server is told
  /// to cancel it and the connection is given up, which makes the server roll back.
  func run(
    _ id: Int,
    _ work: Work,
    deadline: MonotonicInstant,
    isCancellable: Bool = true
  ) async throws(PostgresError) -> PostgresRows {
    guard let entry = leases[id], let connection = entry else {
      throw PostgresError(.connectionLost, message: "the connection of this transaction is gone")
    }
    if isCancellable, Task.isCancelled { throw PostgresError(.cancelled, message: "the task was cancelled") }
    let loop = loop
    let box = WorkBox()
    let result = await withTaskCancellationHandler {
      await withUnsafeContinuation {
        (continuation: UnsafeContinuation<Result<PostgresRows, PostgresError>, Never>) in
        box.continuation = continuation
        box.connection = connection
        box.timer = loop.schedule(at: deadline) {
          box.abandon(PostgresError(.timedOut, message: "the statement took too long"))
        }
        switch work {
        case .statement(let statement, let parameters, let command):
          if let command {
            connection.send(command: command) {
              if case .failure(let error) = $0 { box.answer(.failure(error)) }
            }
          }
          connection.send(statement, parameters) { box.answer($0) }
        case .command(let command): connection.send(command: command) { box.answer($0) }
        }
        connection.flush()
      }
    } onCancel: {
      if isCancellable {
        loop.execute { box.abandon(PostgresError(.cancelled, message: "the task was cancelled")) }
      }
    }
    return try result.get()
  }

  /// Closes the idle connections now, and lent ones as they come back.
  func shutdown() {
    isShutDown = true
    for connection in idle { connection.close() }
    idle.removeAll()
    for waiter in waiting {
      waiter.timer.cancel()
      waiter.continuation.resume(
        returning: .failure(PostgresError(.connectionLost, message: "the pool is shut down"))
      )
    }
    waiting.removeAll()
  }
}

/// One statement of a transaction on its way, for the handlers that may end it early.
///
/// `@unchecked Sendable`: used on the pool's loop only; the cancellation handler goes there by `execute`.
private final class WorkBox: @unchecked Sendable {
  var continuation: UnsafeContinuation<Result<PostgresRows, PostgresError>, Never>?
  var connection: ServerConnection?
  var timer: ScheduledTimer?

  func answer(_ result: Result<PostgresRows, PostgresError>) {
    timer?.cancel()
    timer = nil
    connection = nil
    continuation?.resume(returning: result)
    continuation = nil
  }

  func abandon(_ error: PostgresError) {
    guard continuation != nil else { return }
    let abandoned = connection
    abandoned?.cancelOnServer()
    answer(.failure(error))
    abandoned?.close()
  }
}
