internal import Postgres
internal import Time

/// What an executor does for the machine of reads.
final class SimulatedReads {
  private unowned let replica: Replica
  private let connector: SimulatedConnector
  private let watch: SimulatedWatch
  private var world: World { replica.world }
  private var machine: ReadPipelineMachine
  private var jobs: [SimulatedJob?] = []
  private var generations: [UInt32] = []
  private var connections: [SimulatedConnection] = []
  private var lastNumber: UInt32 = 1_000_000
  private var timer = 0
  private var answer: ServerAnswer?

  init(_ replica: Replica, _ connector: SimulatedConnector, _ watch: SimulatedWatch) {
    (self.replica, self.connector, self.watch) = (replica, connector, watch)
    machine = ReadPipelineMachine(
      ReadPipelineMachine.Settings(
        sessions: replica.readSessions,
        maximumInFlight: 256,
        maximumWaiting: 64,
        leaseTimeout: .seconds(1)
      )
    )
    watch.add { [weak self] sign in
      switch sign {
      case .suspected(let instant): self?.run(.serverSuspected(before: instant))
      case .reaches(let server): self?.run(.serverIs(server))
      }
    }
  }

  var openConnections: Int { connections.count }

  /// Reads without an answer.
  var held: Int { jobs.count { $0 != nil } }

  /// Whether a session is there that something sent on it now would not wait on.
  var hasFreeSession: Bool { connections.contains(where: \.isFree) }

  func vanish(isHeard: Bool) {
    for connection in connections { connection.vanish(isHeard: isHeard) }
    (connections, jobs) = ([], [])
  }

  // MARK: Callers

  func submit(_ job: SimulatedJob) {
    let slot = jobs.firstIndex { $0 == nil } ?? jobs.count
    if slot == jobs.count {
      jobs.append(nil)
      generations.append(0)
    }
    if world.plant != .numbersReused { generations[slot] += 1 }
    jobs[slot] = job
    job.id = StatementID(UInt32(slot), generation: generations[slot])
    run(.submitted(job.id, job.kind, deadline: job.deadline))
  }

  /// Its caller has gone.
  func abandon(_ job: SimulatedJob) {
    guard find(job.id) === job else { return }
    finish(job.id, .failed)
    run(.abandoned(job.id))
  }

  private func find(_ id: StatementID) -> SimulatedJob? {
    let slot = Int(id.slot)
    return jobs.indices.contains(slot) && generations[slot] == id.generation ? jobs[slot] : nil
  }

  private func finish(_ id: StatementID, _ outcome: SimulatedJob.Outcome) {
    guard let job = find(id) else { return }
    jobs[Int(id.slot)] = nil
    job.finish(outcome)
  }

  // MARK: What the machine decides

  private func run(_ event: ReadPipelineMachine.Event) {
    world.note { "replica \(replica.index) reads <- \(event)" }
    var action = machine.on(event, at: world.now)
    while let next = action, world.violation == nil {
      world.note { "replica \(replica.index) reads -> \(next)" }
      perform(next)
      action = machine.next(at: world.now)
    }
  }

  private func perform(_ action: ReadPipelineMachine.Action) {
    let ticket = replica.ticket
    switch action {
    case .planTurnEnd:
      if world.plant == .turnEndLost, world.random.chance(10) { return }
      world.schedule(after: .zero) { [weak self] in
        guard let self else { return }
        replica.receive(ticket) { self.run(.turnEnded) }
      }
    case .open: connector.open { [weak self] isReached in self?.opened(isReached) }
    case .setUp(let number): replica.setUp(connection(number))
    case .execute(let number, let id, let isAfterFlush):
      if let job = find(id) {
        connection(number)?.send(job, isAfterFlush: isAfterFlush && world.plant != .flushForgotten)
      } else {
        world.violate("a statement that nobody asked for is sent")
      }
    case .endBatch(let number): connection(number)?.endBatch()
    case .tell(let id): tell(id)
    case .refuse(let id, let refusal):
      world.note { "replica \(replica.index) refuses \(id): \(refusal)" }
      finish(id, .failed)
    case .prepareAgain(let number): connection(number)?.forgetPrepared()
    case .cancel(let number, let id): connection(number)?.cancel(id)
    case .close(let number):
      connection(number)?.close()
      connections.removeAll { $0.number == number }
    case .suspectServer: watch.suspectServer()
    case .wake(let instant):
      wake(at: world.plant == .impatienceLost ? max(instant, world.now + .seconds(1)) : instant)
    }
  }

  private func wake(at instant: MonotonicInstant) {
    timer += 1
    let (number, ticket) = (timer, replica.ticket)
    world.schedule(at: instant) { [weak self] in
      guard let self, number == timer else { return }
      replica.receive(ticket) {
        guard number == self.timer else { return }
        for connection in self.connections { connection.takeArrived() }
        self.run(.timePassed)
      }
    }
  }

  private func tell(_ id: StatementID) {
    guard let answer, let job = find(id) else { return }
    world.observe(.answered(asked: job.statement.token, answer: answer.token))
    if answer.trouble == .cancelled { world.observe(.cancelled(read: job.statement.token)) }
    finish(id, answer.answer == .rows ? .rows(answer.value) : .failed)
  }

  private func connection(_ number: SessionNumber) -> SimulatedConnection? {
    connections.first { $0.number == number }
  }

  private func opened(_ isReached: Bool) {
    guard isReached else { return run(.openFailed(isAway: connector.isAway)) }
    lastNumber += 1
    let connection = SimulatedConnection(SessionNumber(lastNumber), replica, owner: self)
    connections.append(connection)
    run(.opened(connection.number, expiry: world.now + replica.connectionAge))
  }
}

extension SimulatedReads: SimulatedConnectionOwner {
  func connection(
    _ connection: SimulatedConnection,
    answered id: StatementID,
    _ outcome: SessionMachine.Outcome
  ) {
    if id == .setUp, outcome == .rows, let server = connection.backend?.identity {
      run(.identified(connection.number, ServerIdentity(startTime: server)))
      watch.serverIs(ServerIdentity(startTime: server))
    }
    answer = connection.kept
    run(.answered(connection.number, id, readAnswer(outcome, connection.kept)))
    answer = nil
  }

  private func readAnswer(_ outcome: SessionMachine.Outcome, _ kept: ServerAnswer?)
    -> ReadPipelineMachine.Answer
  {
    switch outcome {
    case .rows: .rows
    case .notRun: .notRun
    case .failed:
      switch kept?.answer {
      case .failed(.planChanged), .failed(.unknownStatement): .planChanged
      default: kept?.trouble == .cancelled ? .cancelled : .failed
      }
    }
  }

  func connectionDidSynchronise(_ connection: SimulatedConnection) {}

  func connectionDidDrain(_ connection: SimulatedConnection) { run(.drained(connection.number)) }

  func connectionDidCancel(_ connection: SimulatedConnection) { run(.cancelEnded(connection.number)) }

  func connection(_ connection: SimulatedConnection, lostByServer isServerEnding: Bool) {
    connections.removeAll { $0 === connection }
    run(.lost(connection.number, isServerEnding ? .ended : .broken))
  }
}
