internal import DequeModule
import EventLoops
internal import Time

/// The connections of one loop that are lent to one caller at a time: FIFO, bounded in number, in callers that wait
/// and in the time they wait.
final class LeasePool {
  typealias LeaseID = UInt64

  /// Somebody who waits for a connection.
  ///
  /// `@unchecked Sendable`: touched on the pool's loop alone; a cancellation handler only carries the reference.
  final class Waiter: @unchecked Sendable {
    private var continuation: UnsafeContinuation<Result<LeaseID, PostgresError>, Never>?
    var timer: ScheduledTimer?

    /// Who is to get the connection. Set it before the request.
    func setCaller(_ continuation: UnsafeContinuation<Result<LeaseID, PostgresError>, Never>) {
      self.continuation = continuation
    }

    var isFinished: Bool { continuation == nil }

    func finish(_ result: Result<LeaseID, PostgresError>) {
      timer?.cancel()
      timer = nil
      let caller = continuation
      continuation = nil
      caller?.resume(returning: result)
    }
  }

  private struct Lease {
    var connection: PostgresConnection
    /// The statement under way, and what the server has said so far to each job of its batch.
    var job: StatementJob?
    var failure: PostgresError?
    var rows: PostgresRows?
    /// Set when what the connection holds is not known any more: it is closed at the end of the lease.
    var isSpoilt = false
  }

  private let loop: EventLoop
  private let connector: Connector
  private let configuration: PostgresConfiguration
  private var idle: [PostgresConnection] = []
  private var leases: [LeaseID: Lease] = [:]
  private var lastLease: LeaseID = 0
  private var opening = 0
  private var waiters = Deque<Waiter>()
  private var isClosed = false
  private var idleSweep: ScheduledTimer?

  init(connector: Connector, configuration: PostgresConfiguration) {
    loop = connector.loop
    self.connector = connector
    self.configuration = configuration
  }

  var statistics: PostgresStatistics.Pool {
    PostgresStatistics.Pool(
      inUse: leases.count,
      idle: idle.count,
      waiting: waitingCount,
      inFlight: leases.values.count { $0.job != nil }
    )
  }

  private var waitingCount: Int { waiters.count { !$0.isFinished } }

  // MARK: Lending

  /// Gives `waiter` a connection, now or later.
  func request(_ waiter: Waiter, deadline: MonotonicInstant) {
    if isClosed { return waiter.finish(.failure(PostgresError(.shutDown))) }
    if waiters.count >= configuration.maximumWaiting {
      waiters.removeAll { $0.isFinished }
      if waiters.count >= configuration.maximumWaiting {
        return waiter.finish(.failure(PostgresError(.poolExhausted)))
      }
    }
    waiters.append(waiter)
    let end = min(deadline, .now() + configuration.leaseTimeout)
    waiter.timer = loop.schedule(at: end) { [weak self] in
      let isUnreachable = self.map { $0.connector.isFailing && $0.leases.isEmpty && $0.idle.isEmpty } ?? false
      let kind: PostgresError.Kind = isUnreachable ? .connectionFailed : .poolTimeout
      waiter.finish(.failure(PostgresError(kind, detail: self?.connector.explanation ?? "")))
    }
    serve()
  }

  /// Ends a wait because its task was cancelled. One that has got its connection meanwhile keeps it.
  func abandon(_ waiter: Waiter) { waiter.finish(.failure(PostgresError(.cancelled))) }

  private func serve() {
    while let first = waiters.first {
      if first.isFinished {
        waiters.removeFirst()
      } else if let connection = idle.popLast() {
        waiters.removeFirst()
        lastLease += 1
        leases[lastLease] = Lease(connection: connection)
        first.finish(.success(lastLease))
      } else {
        break
      }
    }
    let limit = configuration.transactionConnectionsPerLoop
    while !isClosed, opening < waitingCount, leases.count + idle.count + opening < limit {
      opening += 1
      connector.open { [weak self] result in self?.opened(result) }
    }
  }

  private func opened(_ result: Result<ConnectionHandle, PostgresError>) {
    opening -= 1
    guard !isClosed else { return }
    if case .success(let handle) = result {
      let connection = try? PostgresConnection(
        handle,
        maximumAge: configuration.maximumConnectionAge,
        loop: loop,
        owner: self
      )
      if let connection { reserve(connection) }
    }
    serve()
  }

  private func reserve(_ connection: PostgresConnection) {
    connection.idleSince = .now()
    idle.append(connection)
    scheduleIdleSweep()
  }

  /// Ends a lease. A connection in doubt is closed, which makes the server roll back.
  func giveBack(_ id: LeaseID) {
    guard let lease = leases.removeValue(forKey: id) else { return }
    let connection = lease.connection
    if !isClosed, !lease.isSpoilt, connection.isOpen, connection.isClean, connection.expiry > .now() {
      reserve(connection)
    } else {
      connection.close()
    }
    serve()
  }

  // MARK: Statements

  /// Why no further statement can be run on the lease; nil if one can.
  func obstacle(_ id: LeaseID) -> PostgresError? {
    guard let lease = leases[id] else { return PostgresError(.misuse, detail: "the lease has ended") }
    guard lease.connection.isOpen else { return PostgresError(.connectionLost) }
    guard lease.job == nil else { return PostgresError(.misuse, detail: "a statement is under way") }
    return lease.isSpoilt ? PostgresError(.transactionAborted, detail: "the connection was given up") : nil
  }

  func toldProcessID(_ id: LeaseID) -> Int32 { leases[id]?.connection.toldProcessID ?? 0 }

  /// Makes sure that the connection is closed at the end of the lease.
  func spoil(_ id: LeaseID) { leases[id]?.isSpoilt = true }

  /// Runs a statement on a lent connection, in one round trip with what must come before it.
  func run(_ job: StatementJob, on id: LeaseID, after earlier: [StatementJob] = []) {
    if let obstacle = obstacle(id) { return job.finish(.failure(obstacle)) }
    guard let connection = leases[id]?.connection else { return }
    leases[id]?.job = job
    leases[id]?.failure = nil
    leases[id]?.rows = nil
    job.timer = loop.schedule(at: job.deadline) { [weak self] in
      self?.abandon(job, on: id, PostgresError(.timedOut))
    }
    if job.form == .script {
      connection.sendScript(job)
    } else {
      connection.send(earlier + [job])
    }
  }

  /// Ends a statement for its caller before it is answered, and has the server stop it.
  func abandon(_ job: StatementJob, on id: LeaseID, _ error: PostgresError) {
    guard !job.isFinished else { return }
    job.finish(.failure(error))
    guard let lease = leases[id], lease.job === job else { return }
    leases[id]?.isSpoilt = true
    lease.connection.cancelRunningStatement()
  }

  // MARK: Ending

  /// Lent connections are closed when they are given back.
  func close() {
    isClosed = true
    idleSweep?.cancel()
    for waiter in waiters { waiter.finish(.failure(PostgresError(.shutDown))) }
    waiters = []
    for connection in idle { connection.close() }
    idle = []
  }

  private func scheduleIdleSweep() {
    guard idleSweep == nil, let oldest = idle.first else { return }
    idleSweep = loop.schedule(at: oldest.idleSince + configuration.idleTimeout) { [weak self] in
      guard let self else { return }
      idleSweep = nil
      let now = MonotonicInstant.now()
      let isDue = { (connection: PostgresConnection) in
        connection.expiry <= now || connection.idleSince + self.configuration.idleTimeout <= now
      }
      for connection in idle where isDue(connection) { connection.close() }
      idle.removeAll { !$0.isOpen }
      scheduleIdleSweep()
    }
  }

  private func lease(of connection: PostgresConnection) -> LeaseID? {
    leases.first { $0.value.connection === connection }?.key
  }
}

extension LeasePool: PostgresConnectionOwner {
  func connection(_ connection: PostgresConnection, answered job: StatementJob, _ answer: StatementAnswer) {
    guard let id = lease(of: connection) else { return }
    switch answer {
    case .rows(let rows): if leases[id]?.job === job { leases[id]?.rows = rows }
    case .failed(let error):
      // A demoted server goes on answering reads, so a connection that may only read is not kept. Those that lie idle
      // are as old, and whoever runs the transaction again must not get one of them.
      if error.kind == .readOnly {
        leases[id]?.isSpoilt = true
        for connection in idle { connection.close() }
        idle = []
      }
      // What made the server give up one plan, such as a changed table, will make it give up others.
      if error.asksToPrepareAgain {
        for connection in idle + leases.values.map(\.connection) { connection.forgetPrepared() }
      }
      if leases[id]?.failure == nil { leases[id]?.failure = error.named(job.statement.name) }
    case .notRun: break
    }
  }

  /// Only now is the state of the connection's transaction known to libpq, so only now may the caller go on.
  func connectionDidSynchronise(_ connection: PostgresConnection) {
    guard let id = lease(of: connection), let lease = leases[id], let job = lease.job else { return }
    leases[id]?.job = nil
    if let error = lease.failure {
      job.finish(.failure(error))
    } else if let rows = lease.rows {
      job.finish(.success(rows))
    } else {
      job.finish(.failure(PostgresError(.other, detail: "the server skipped the statement")))
    }
  }

  func connectionDidDrain(_ connection: PostgresConnection) {}

  func connection(_ connection: PostgresConnection, lost error: PostgresError, unanswered: [StatementJob]) {
    idle.removeAll { $0 === connection }
    if let id = lease(of: connection) {
      let lease = leases[id]
      leases[id]?.job = nil
      leases[id]?.isSpoilt = true
      // Its answer may have come before the end.
      if let rows = lease?.rows {
        lease?.job?.finish(.success(rows))
      } else {
        lease?.job?.finish(.failure(lease?.failure ?? error))
      }
    }
    serve()
  }

  func connection(_ connection: PostgresConnection, notified channel: String, payload: String) {}
}
