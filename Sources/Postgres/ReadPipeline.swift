internal import DequeModule
import EventLoops
internal import Time

/// The read path of one loop: statements of all requests share a few connections. What is asked for within one turn
/// of the loop is sent as one batch with one sync at the turn's end, because each sync costs a system call here, one
/// at the server and a flush of its answers.
final class ReadPipeline {
  private let loop: EventLoop
  private let connector: Connector
  private let configuration: PostgresConfiguration
  private var connections: [PostgresConnection] = []
  private var opening = 0
  private var waiting = Deque<StatementJob>()
  private var isFlushScheduled = false
  private var isClosed = false
  private var sweep: ScheduledTimer?
  private var sweepTime: MonotonicInstant?

  /// A connection that has not answered for so long runs a slow statement.
  private static let slowness = Duration.milliseconds(50)
  /// How long a statement that nobody waits for any more may go on before the server is told to stop it: most end by
  /// themselves sooner than a cancel request takes, and the request may hit a neighbour.
  private static let cancelDelay = Duration.milliseconds(20)
  /// How long the server has to stop after it was told to; then the connection is given up.
  private static let cancelGrace = Duration.seconds(2)

  /// The first statement of each connection. Every statement between two syncs belongs to one implicit transaction,
  /// so a write that shared a batch with a failing read would be undone after it was reported; it is refused instead.
  ///
  /// Only where the session is ours alone: behind a pooler, which tells a process of its own making, it may go to
  /// another client with all that was set.
  private static func readOnly(_ connection: PostgresConnection) -> StatementJob {
    StatementJob(
      PostgresStatement(
        name: "session",
        sql: """
          select set_config('default_transaction_read_only', 'on', false)
          where pg_backend_pid() = \(connection.toldProcessID)
          """
      ),
      form: .text,
      deadline: .now() + .seconds(5)
    )
  }

  /// Whether it is a connection's first statement; those of callers are of another form.
  private static func isReadOnly(_ job: StatementJob) -> Bool { job.form == .text }

  init(connector: Connector, configuration: PostgresConfiguration) {
    loop = connector.loop
    self.connector = connector
    self.configuration = configuration
  }

  // MARK: Callers

  /// Whether one more caller may wait.
  /// - Throws: `.poolExhausted` or `.shutDown`.
  func admit() throws(PostgresError) {
    if isClosed { throw PostgresError(.shutDown) }
    if waiting.count >= configuration.maximumWaiting { throw PostgresError(.poolExhausted) }
  }

  func submit(_ job: StatementJob) {
    waiting.append(job)
    scheduleFlush()
    armSweep(at: min(job.deadline, job.waitDeadline))
  }

  /// Ends a job for its caller before it is answered.
  func abandon(_ job: StatementJob, _ error: PostgresError) {
    job.finish(.failure(error))
    for connection in connections where connection.runningJob === job { watchAbandoned(connection) }
  }

  var statistics: PostgresStatistics.Pool {
    PostgresStatistics.Pool(
      inUse: connections.count { $0.jobsInFlight > 0 },
      idle: connections.count { $0.jobsInFlight == 0 },
      waiting: waiting.count { !$0.isFinished },
      inFlight: connections.reduce(0) { $0 + $1.jobsInFlight }
    )
  }

  func close() {
    isClosed = true
    sweep?.cancel()
    let error = PostgresError(.shutDown)
    for connection in connections {
      connection.forEachJobInFlight { $0.finish(.failure(error)) }
      connection.close()
    }
    connections = []
    for job in waiting { job.finish(.failure(error)) }
    waiting = []
  }

  // MARK: Sending

  private func scheduleFlush() {
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    loop.atEndOfTick { [weak self] in
      self?.isFlushScheduled = false
      self?.flush()
    }
  }

  private func flush() {
    while let first = waiting.first {
      if first.isFinished {
        waiting.removeFirst()
        continue
      }
      guard let connection = leastBusy() else { return openIfNeeded() }
      if connection.jobsInFlight > 0 { openIfNeeded() }
      var batch: [StatementJob] = []
      var room = configuration.maximumInFlight - connection.jobsInFlight
      while room > 0, let job = waiting.popFirst() {
        if job.isFinished { continue }
        batch.append(job)
        room -= 1
      }
      connection.send(batch)
    }
  }

  /// Where to send the next batch; nil when it is better to wait until a connection answers or is opened. A statement
  /// cannot overtake a slow one on its connection, so none is sent after one that is known to be slow.
  private func leastBusy() -> PostgresConnection? {
    var best: PostgresConnection?
    let now = MonotonicInstant.now()
    for connection in connections where !connection.isCancelling {
      guard connection.jobsInFlight < configuration.maximumInFlight,
        connection.jobsInFlight == 0 || connection.lastProgress + Self.slowness > now
      else { continue }
      if let best, best.jobsInFlight <= connection.jobsInFlight { continue }
      best = connection
    }
    return best
  }

  private func openIfNeeded() {
    guard !isClosed, opening == 0, connections.count < configuration.readConnectionsPerLoop else { return }
    opening += 1
    connector.open { [weak self] result in self?.opened(result) }
  }

  private func opened(_ result: Result<ConnectionHandle, PostgresError>) {
    opening -= 1
    guard !isClosed else { return }
    do throws(PostgresError) {
      let connection = try PostgresConnection(
        try result.get(),
        maximumAge: configuration.maximumConnectionAge,
        loop: loop,
        owner: self
      )
      connections.append(connection)
      connection.send([Self.readOnly(connection)])
      scheduleFlush()
    } catch {
      if !waiting.isEmpty { openIfNeeded() }
    }
  }

  // MARK: Deadlines

  /// One timer serves all statements: nearly all are answered long before it matters, and deadlines mostly come in
  /// order.
  private func armSweep(at deadline: MonotonicInstant) {
    if let sweepTime, sweepTime <= deadline { return }
    sweep?.cancel()
    sweepTime = deadline
    sweep = loop.schedule(at: deadline) { [weak self] in self?.sweepDeadlines() }
  }

  private func sweepDeadlines() {
    sweep = nil
    sweepTime = nil
    let now = MonotonicInstant.now()
    var next: MonotonicInstant?
    func consider(_ deadline: MonotonicInstant) { next = min(next ?? deadline, deadline) }
    waiting.removeAll { $0.isFinished }
    for job in waiting {
      if job.deadline <= now || job.waitDeadline <= now {
        let isUnreachable = connections.isEmpty && connector.isFailing
        let kind: PostgresError.Kind = isUnreachable ? .connectionFailed : .poolTimeout
        job.finish(.failure(PostgresError(kind, detail: connector.explanation)))
      } else {
        consider(min(job.deadline, job.waitDeadline))
      }
    }
    waiting.removeAll { $0.isFinished }
    for connection in connections {
      connection.forEachJobInFlight { job in
        if job.isFinished { return }
        if job.deadline <= now {
          job.finish(.failure(PostgresError(.timedOut)))
        } else {
          consider(job.deadline)
        }
      }
      watchAbandoned(connection)
    }
    if let next { armSweep(at: next) }
  }

  /// Has the server stop what it runs, if nobody waits for it any more.
  private func watchAbandoned(_ connection: PostgresConnection) {
    guard let job = connection.runningJob, job.isFinished, !connection.isCancelling, !job.isCancelPlanned
    else {
      return
    }
    job.isCancelPlanned = true
    _ = loop.schedule(after: Self.cancelDelay) { [weak self, weak connection] in
      guard let self, let connection, connection.runningJob === job else { return }
      connection.cancelRunningStatement()
      _ = loop.schedule(after: Self.cancelGrace) { [weak connection] in
        guard let connection, connection.runningJob === job else { return }
        connection.lose(PostgresError(.connectionLost, detail: "no answer to a cancel request"))
      }
    }
  }

  // MARK: Second tries

  /// Sends a job again, before what came after it. It is a read, so it may run twice.
  private func requeue(_ job: StatementJob) {
    guard !job.isFinished else { return }
    job.waitDeadline = .now() + configuration.leaseTimeout
    waiting.prepend(job)
    scheduleFlush()
    armSweep(at: min(job.deadline, job.waitDeadline))
  }

  /// A read that is lost with its connection is sent again. Connections as old as the one first lost may be as dead,
  /// only unnoticed, so they do not count; of those opened since, it may lose one, or two that an operator ended: a
  /// statement that makes its backend crash must not be tried for ever.
  private func mayGoOn(
    _ job: StatementJob,
    afterLossOf connection: PostgresConnection,
    _ error: PostgresError
  ) -> Bool {
    guard let firstLoss = job.firstLoss else {
      job.firstLoss = .now()
      return true
    }
    guard connection.opened > firstLoss else { return true }
    job.laterLosses += 1
    return job.laterLosses < (error.sqlState == "57P01" ? 3 : 2)
  }

  private func deserves(
    _ job: StatementJob,
    anotherTryAfter error: PostgresError,
    on connection: PostgresConnection
  )
    -> Bool
  {
    if error.asksToPrepareAgain, !job.wasPreparedAgain {
      job.wasPreparedAgain = true
      // It may be sent again on any of them, and each would give it up in turn.
      for connection in connections { connection.forgetPrepared() }
      return true
    }
    if error.kind == .queryCancelled, connection.mayHitOthers, !job.wasHitByCancelOnce {
      job.wasHitByCancelOnce = true
      return true
    }
    return false
  }

  /// Skipped statements of the batch being told, so that they keep their order when they are sent again.
  private var skipped: [StatementJob] = []
}

extension ReadPipeline: PostgresConnectionOwner {
  func connection(_ connection: PostgresConnection, answered job: StatementJob, _ answer: StatementAnswer) {
    switch answer {
    case .rows(let rows): job.finish(.success(rows))
    case .notRun: skipped.append(job)
    case .failed(let error):
      if Self.isReadOnly(job) {
        connection.lose(error)
      } else if deserves(job, anotherTryAfter: error, on: connection) {
        skipped.append(job)
      } else {
        job.finish(.failure(error))
      }
    }
  }

  func connectionDidSynchronise(_ connection: PostgresConnection) {}

  func connectionDidDrain(_ connection: PostgresConnection) {
    requeueSkipped()
    watchAbandoned(connection)
    if connection.expiry <= .now(), connection.isClean, !connection.isCancelling { drop(connection) }
    if !waiting.isEmpty { scheduleFlush() }
  }

  func connection(_ connection: PostgresConnection, lost error: PostgresError, unanswered: [StatementJob]) {
    connections.removeAll { $0 === connection }
    for job in unanswered where !Self.isReadOnly(job) {
      if mayGoOn(job, afterLossOf: connection, error) {
        skipped.append(job)
      } else {
        job.finish(.failure(error))
      }
    }
    requeueSkipped()
  }

  func connection(_ connection: PostgresConnection, notified channel: String, payload: String) {}

  private func requeueSkipped() {
    let jobs = skipped
    skipped = []
    for job in jobs.reversed() { requeue(job) }
  }

  private func drop(_ connection: PostgresConnection) {
    connections.removeAll { $0 === connection }
    connection.close()
  }
}
