internal import Postgres
internal import Time

/// What an executor does for the machine of leases.
final class SimulatedLeases {
  typealias LeaseID = LeaseMachine.LeaseID

  /// Statements sent together, each known by its position and the batch's number.
  private struct Batch {
    var number: UInt32 = 0
    var jobs: [SimulatedJob] = []

    subscript(id: StatementID) -> SimulatedJob? {
      let position = Int(id.slot)
      return id.generation == number && jobs.indices.contains(position) ? jobs[position] : nil
    }
  }

  private struct Session {
    let connection: SimulatedConnection
    var lease: LeaseID?
    var batch = Batch()
    var kept: ServerAnswer?
  }

  private unowned let replica: Replica
  private let connector: SimulatedConnector
  private let watch: SimulatedWatch
  private var world: World { replica.world }
  private var machine: LeaseMachine
  private var waiters: [LeaseMachine.WaiterID: (LeaseID?) -> Void] = [:]
  private var lastWaiter: LeaseMachine.WaiterID = 0
  private var sessions: [Session] = []
  private var asked = Batch()
  private var lastBatch: UInt32 = 0
  private var lastNumber: UInt32 = 0
  private var timer = 0
  private var answer: ServerAnswer?

  init(_ replica: Replica, _ connector: SimulatedConnector, _ watch: SimulatedWatch) {
    (self.replica, self.connector, self.watch) = (replica, connector, watch)
    machine = LeaseMachine(
      LeaseMachine.Settings(
        sessions: replica.sessions,
        maximumWaiting: 16,
        leaseTimeout: .seconds(1),
        idleTimeout: .seconds(60)
      )
    )
    watch.add { [weak self] sign in
      switch sign {
      case .suspected(let instant): self?.run(.serverSuspected(before: instant))
      case .reaches(let server): self?.run(.serverIs(server))
      }
    }
  }

  var openConnections: Int { sessions.count }

  /// Leases, and callers that wait for one.
  var held: Int { machine.statistics.inUse + waiters.count }

  func vanish(isHeard: Bool) {
    for session in sessions { session.connection.vanish(isHeard: isHeard) }
    (sessions, waiters) = ([], [:])
  }

  // MARK: Callers

  func request(before deadline: MonotonicInstant, _ caller: @escaping (LeaseID?) -> Void) {
    lastWaiter += 1
    waiters[lastWaiter] = caller
    run(.requested(lastWaiter, deadline: deadline))
  }

  func giveBack(_ lease: LeaseID) {
    let index = sessions.firstIndex { $0.lease == lease }
    let isClean = index.map { sessions[$0].connection.isClean } ?? false
    if let index { sessions[index].lease = nil }
    run(.returned(lease, isClean: isClean || world.plant == .dirtyReturn))
  }

  /// Whether a further statement can be run.
  func isUsable(_ lease: LeaseID) -> Bool { machine.obstacle(lease) == nil }

  func run(_ job: SimulatedJob, on lease: LeaseID, after earlier: [SimulatedJob] = []) {
    lastBatch += 1
    asked = Batch(number: lastBatch, jobs: earlier + [job])
    for (position, each) in asked.jobs.enumerated() {
      each.id = StatementID(UInt32(position), generation: asked.number)
    }
    run(.run(lease, asked.jobs.map(\.id), isScript: false, deadline: job.deadline))
  }

  // MARK: What the machine decides

  private func run(_ event: LeaseMachine.Event) {
    var action = machine.on(event, at: world.now)
    while let next = action, world.violation == nil {
      perform(next)
      action = machine.next(at: world.now)
    }
  }

  private func perform(_ action: LeaseMachine.Action) {
    switch action {
    case .open: connector.open { [weak self] isReached in self?.opened(isReached) }
    case .setUp(let number): replica.setUp(connection(number))
    case .lend(let lease, let number, let waiter): lend(lease, number, waiter)
    case .refuse(let waiter, let refusal):
      world.note { "replica \(replica.index) lends nothing to \(waiter): \(refusal)" }
      if let caller = waiters.removeValue(forKey: waiter) { replica.soon { caller(nil) } }
    case .execute(let number, let id): execute(id, number)
    case .endBatch(let number): connection(number)?.endBatch()
    case .keep(let number): if let index = index(number) { sessions[index].kept = answer }
    case .tell(let id, let outcome, let number): tell(id, outcome, number)
    case .prepareAgain(let number): connection(number)?.forgetPrepared()
    case .cancel(let number, let id): connection(number)?.cancel(id)
    case .close(let number): if let index = index(number) { sessions.remove(at: index).connection.close() }
    case .suspectServer: watch.suspectServer()
    case .wake(let instant):
      if world.plant == .leaseTimerLost { return }
      timer += 1
      let (number, ticket) = (timer, replica.ticket)
      world.schedule(at: instant) { [weak self] in
        guard let self, number == timer else { return }
        replica.receive(ticket) { if number == self.timer { self.run(.timePassed) } }
      }
    }
  }

  private func index(_ number: SessionNumber) -> Int? {
    sessions.firstIndex { $0.connection.number == number }
  }

  private func connection(_ number: SessionNumber) -> SimulatedConnection? {
    index(number).map { sessions[$0].connection }
  }

  private func lend(_ lease: LeaseID, _ number: SessionNumber, _ waiter: LeaseMachine.WaiterID) {
    if let index = index(number) {
      if let other = sessions[index].lease {
        world.violate("session \(number.value) has two leases: \(other), \(lease)")
      }
      sessions[index].lease = lease
    }
    guard let caller = waiters.removeValue(forKey: waiter) else { return giveBack(lease) }
    replica.soon { caller(lease) }
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
    var (job, kept) = (asked[id], ServerAnswer?.none)
    if let number, let index = index(number) {
      job = sessions[index].batch[id] ?? job
      kept = sessions[index].kept
    }
    guard let job else { return }
    switch outcome {
    case .rows:
      world.observe(.answered(asked: job.statement.token, answer: kept?.token))
      job.finish(.rows(kept?.value))
    case .failed, .skipped, .refused: job.finish(.failed)
    case .timedOut, .lost: job.finish(.unknown)
    }
  }

  private func opened(_ isReached: Bool) {
    guard isReached else { return run(.openFailed(isAway: connector.isAway)) }
    lastNumber += 1
    let connection = SimulatedConnection(SessionNumber(lastNumber), replica, owner: self)
    sessions.append(Session(connection: connection))
    run(.opened(connection.number, expiry: world.now + replica.connectionAge))
  }
}

extension SimulatedLeases: SimulatedConnectionOwner {
  func connection(
    _ connection: SimulatedConnection,
    answered id: StatementID,
    _ outcome: SessionMachine.Outcome
  ) {
    answer = connection.kept
    if id == .setUp, outcome == .rows, let server = connection.backend?.identity {
      run(.identified(connection.number, ServerIdentity(startTime: server)))
      watch.serverIs(ServerIdentity(startTime: server))
    }
    run(.answered(connection.number, id, leaseAnswer(outcome, connection.kept)))
    answer = nil
  }

  private func leaseAnswer(_ outcome: SessionMachine.Outcome, _ kept: ServerAnswer?) -> LeaseMachine.Answer {
    switch outcome {
    case .rows: .rows
    case .notRun: .notRun
    case .failed:
      switch kept?.answer {
      case .failed(.planChanged), .failed(.unknownStatement): .planChanged
      default: kept?.trouble == .readOnly ? .readOnly : .failed
      }
    }
  }

  func connectionDidSynchronise(_ connection: SimulatedConnection) { run(.synchronised(connection.number)) }

  func connectionDidDrain(_ connection: SimulatedConnection) {}

  func connectionDidCancel(_ connection: SimulatedConnection) {}

  func connection(_ connection: SimulatedConnection, lostByServer isServerEnding: Bool) {
    run(.lost(connection.number, isServerEnding: isServerEnding))
    if let index = index(connection.number) { sessions.remove(at: index) }
  }
}
