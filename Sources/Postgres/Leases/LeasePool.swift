import EventLoops
internal import Time

/// The connections of one loop that are leased to one caller at a time: carries out what a `LeaseMachine` decides.
final class LeasePool {
  typealias LeaseID = LeaseMachine.LeaseID

  /// A caller that waits for a connection.
  ///
  /// `@unchecked Sendable`: touched on the pool's loop alone; a cancellation handler only carries the reference.
  final class Waiter: @unchecked Sendable {
    private var continuation: UnsafeContinuation<Result<LeaseID, PostgresError>, Never>?
    var id: LeaseMachine.WaiterID = 0

    /// Who is to get the connection. Set it before the request.
    func setCaller(_ continuation: UnsafeContinuation<Result<LeaseID, PostgresError>, Never>) {
      self.continuation = continuation
    }

    /// - Returns: whether somebody was waiting.
    func finish(_ result: Result<LeaseID, PostgresError>) -> Bool {
      let caller = continuation
      continuation = nil
      caller?.resume(returning: result)
      return caller != nil
    }
  }

  /// Statements sent together. Each is known by its position and the batch's number.
  private struct Batch {
    var number: UInt32 = 0
    var jobs: [StatementJob] = []

    subscript(id: StatementID) -> StatementJob? {
      let position = Int(id.slot)
      return id.generation == number && jobs.indices.contains(position) ? jobs[position] : nil
    }
  }

  private struct Session {
    let connection: PostgresConnection
    var lease: LeaseID?
    var batch = Batch()
    /// What is kept of the answers to its batch.
    var kept: StatementJob.Answer?
  }

  private let loop: EventLoop
  private let connector: Connector
  private let configuration: PostgresConfiguration
  private let watch: ServerWatch
  private var machine: LeaseMachine
  private var waiters: [LeaseMachine.WaiterID: Waiter] = [:]
  private var lastWaiter: LeaseMachine.WaiterID = 0
  private var sessions: [Session] = []
  /// What is being asked for.
  private var asked = Batch()
  private var lastNumber: UInt32 = 0
  private var timer: ScheduledTimer?
  /// What was just answered, and the error with which a session was lost.
  private var answer: StatementJob.Answer?
  private var loss: PostgresError?

  init(connector: Connector, configuration: PostgresConfiguration, watch: ServerWatch) {
    loop = connector.loop
    self.connector = connector
    self.configuration = configuration
    self.watch = watch
    machine = LeaseMachine(
      LeaseMachine.Settings(
        sessions: configuration.transactionConnectionsPerLoop,
        maximumWaiting: configuration.maximumWaiting,
        leaseTimeout: configuration.leaseTimeout,
        idleTimeout: configuration.idleTimeout
      )
    )
  }

  var statistics: PostgresStatistics.Pool { machine.statistics }

  // MARK: Callers

  /// Gives `waiter` a connection, now or later.
  func request(_ waiter: Waiter, deadline: MonotonicInstant) {
    lastWaiter += 1
    waiter.id = lastWaiter
    waiters[lastWaiter] = waiter
    run(.requested(lastWaiter, deadline: deadline))
  }

  /// Ends a wait because its task was cancelled. One that has got its connection meanwhile keeps it.
  func abandon(_ waiter: Waiter) {
    guard waiters.removeValue(forKey: waiter.id) != nil else { return }
    _ = waiter.finish(.failure(PostgresError(.cancelled)))
    run(.waiterGone(waiter.id))
  }

  /// Ends a lease. A connection in doubt is closed, which makes the server roll back.
  func giveBack(_ id: LeaseID) {
    let session = sessions.first { $0.lease == id }
    run(.returned(id, isClean: session?.connection.isClean ?? false))
  }

  /// Makes sure that the connection is closed at the end of the lease.
  func spoil(_ id: LeaseID) { run(.spoilt(id)) }

  /// Why no further statement can be run on the lease; nil if one can.
  func obstacle(_ id: LeaseID) -> PostgresError? { machine.obstacle(id).map(Self.error) }

  func toldProcessID(_ id: LeaseID) -> Int32 {
    sessions.first { $0.lease == id }?.connection.toldProcessID ?? 0
  }

  /// Runs a statement on a leased connection, in one round trip with what must come before it.
  func run(_ job: StatementJob, on id: LeaseID, after earlier: [StatementJob] = []) {
    asked.number &+= 1
    asked.jobs = earlier
    asked.jobs.append(job)
    var statements: [StatementID] = []
    statements.reserveCapacity(asked.jobs.count)
    for (position, each) in asked.jobs.enumerated() {
      each.id = StatementID(UInt32(truncatingIfNeeded: position), generation: asked.number)
      statements.append(each.id)
    }
    run(.run(id, statements, isScript: job.form == .script, deadline: job.deadline))
    asked.jobs = []
  }

  /// Ends a statement for its caller before it is answered, and has the server stop it.
  func abandon(_ job: StatementJob, on id: LeaseID, _ error: PostgresError) {
    guard !job.isFinished else { return }
    job.finish(.failure(error))
    run(.abandoned(id))
  }

  /// What is known of the server.
  func hear(_ sign: ServerWatch.Sign) {
    switch sign {
    case .suspected(let instant): run(.serverSuspected(before: instant))
    case .reaches(let server): run(.serverIs(server))
    }
  }

  /// Leased connections are closed at the end of their lease.
  func close() { run(.close) }

  // MARK: What the machine decides

  private func run(_ event: LeaseMachine.Event) {
    let now = loop.now()
    var action = machine.on(event, at: now)
    while let next = action {
      perform(next, at: now)
      action = machine.next(at: now)
    }
  }

  private func perform(_ action: LeaseMachine.Action, at now: MonotonicInstant) {
    switch action {
    case .open: connector.open { [weak self] result in self?.opened(result) }
    case .setUp(let number):
      guard let connection = index(number).map({ sessions[$0].connection }) else { return }
      connection.send(SessionSetUp.job(for: connection, configuration, isReadOnly: false, at: now))
      connection.endBatch()
    case .lend(let lease, let number, let waiter):
      if let index = index(number) { sessions[index].lease = lease }
      if waiters.removeValue(forKey: waiter)?.finish(.success(lease)) != true { giveBack(lease) }
    case .refuse(let waiter, let refusal):
      _ = waiters.removeValue(forKey: waiter)?.finish(.failure(error(refusal)))
    case .execute(let number, let id): execute(id, number)
    case .endBatch(let number): connection(number)?.endBatch()
    case .keep(let number): if let index = index(number) { sessions[index].kept = answer }
    case .tell(let id, let outcome, let number): tell(id, outcome, number)
    case .prepareAgain(let number): connection(number)?.forgetPrepared()
    case .cancel(let number, let id): connection(number)?.cancel(id)
    case .close(let number): if let index = index(number) { sessions.remove(at: index).connection.close() }
    case .suspectServer: watch.suspectServer(at: now)
    case .wake(let instant):
      timer?.cancel()
      timer = loop.schedule(at: instant) { [weak self] in self?.run(.timePassed) }
    }
  }

  private func index(_ number: SessionNumber) -> Int? {
    sessions.firstIndex { $0.connection.number == number }
  }

  private func connection(_ number: SessionNumber) -> PostgresConnection? {
    index(number).map { sessions[$0].connection }
  }

  private func execute(_ id: StatementID, _ number: SessionNumber) {
    guard let index = index(number) else { return }
    if sessions[index].batch.number != id.generation {
      sessions[index].batch = asked
      sessions[index].kept = nil
    }
    if let job = sessions[index].batch[id] { sessions[index].connection.send(job) }
  }

  private func tell(_ id: StatementID, _ outcome: LeaseMachine.Outcome, _ number: SessionNumber?) {
    var job = asked[id]
    var kept: StatementJob.Answer?
    if let number, let index = index(number) {
      job = sessions[index].batch[id] ?? job
      kept = sessions[index].kept
    }
    let answer: StatementJob.Answer =
      switch outcome {
      case .rows, .failed: kept ?? .failure(PostgresError(.connectionLost))
      case .skipped: .failure(PostgresError(.other, detail: "the server skipped the statement"))
      case .timedOut: .failure(PostgresError(.timedOut))
      case .lost: .failure(loss ?? PostgresError(.connectionLost))
      case .refused(let obstacle): .failure(Self.error(obstacle))
      }
    job?.finish(answer)
  }

  private static func error(_ obstacle: LeaseMachine.Obstacle) -> PostgresError {
    switch obstacle {
    case .hasEnded: PostgresError(.misuse, detail: "the lease has ended")
    case .isLost: PostgresError(.connectionLost)
    case .isBusy: PostgresError(.misuse, detail: "a statement is in flight")
    case .isSpoilt: PostgresError(.transactionAborted, detail: "the connection was given up")
    }
  }

  private func error(_ refusal: LeaseMachine.Refusal) -> PostgresError {
    switch refusal {
    case .noPlace: PostgresError(.poolTimeout, detail: connector.explanation)
    case .tooManyWait: PostgresError(.poolExhausted)
    case .away: PostgresError(.connectionFailed, detail: connector.explanation)
    case .closed: PostgresError(.shutDown)
    }
  }

  private func opened(_ result: Result<ConnectionHandle, PostgresError>) {
    do throws(PostgresError) {
      lastNumber += 1
      let connection = try PostgresConnection(
        try result.get(),
        number: SessionNumber(lastNumber),
        shapes: connector.shapes,
        loop: loop,
        owner: self
      )
      sessions.append(Session(connection: connection))
      let age = configuration.maximumConnectionAge * Double.random(in: 0.8...1)
      run(.opened(connection.number, expiry: loop.now() + age))
    } catch {
      run(.openFailed(isAway: connector.isAway))
    }
  }
}

extension LeasePool: PostgresConnectionOwner {
  func connection(_ connection: PostgresConnection, answered id: StatementID, _ answer: StatementAnswer) {
    let job = index(connection.number).flatMap { sessions[$0].batch[id] }
    switch answer {
    case .rows(let rows):
      if id == .setUp, let server = SessionSetUp.server(in: rows) {
        run(.identified(connection.number, server))
        watch.serverIs(server)
      }
      self.answer = .success(rows)
      run(.answered(connection.number, id, .rows))
    case .notRun: run(.answered(connection.number, id, .notRun))
    case .failed(let error):
      self.answer = .failure(job.map { error.named($0.statement.name) } ?? error)
      let told: LeaseMachine.Answer =
        if error.kind == .readOnly { .readOnly } else { error.asksToPrepareAgain ? .planChanged : .failed }
      run(.answered(connection.number, id, told))
    }
    self.answer = nil
  }

  func connectionDidSynchronise(_ connection: PostgresConnection) {
    run(.synchronised(connection.number))
  }

  func connection(_ connection: PostgresConnection, lost error: PostgresError, by id: StatementID?) {
    let job = id.flatMap { id in index(connection.number).flatMap { sessions[$0].batch[id] } }
    loss = job.map { error.named($0.statement.name) } ?? error
    run(.lost(connection.number, isServerEnding: error.endsServer))
    if let index = index(connection.number) { sessions.remove(at: index) }
    loss = nil
  }
}

extension LeaseMachine {
  /// How busy the sessions are.
  package var statistics: PostgresStatistics.Pool {
    let leased = sessions.count { if case .leased = $0.state { true } else { false } }
    return PostgresStatistics.Pool(
      inUse: leased,
      idle: sessions.count - leased,
      waiting: waiters.count,
      inFlight: sessions.count { $0.batch.map { !$0.isOver } ?? false }
    )
  }
}
