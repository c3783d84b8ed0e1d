import EventLoops
internal import Time

/// The read path of one loop: carries out what a `ReadPipelineMachine` decides. What is asked for within one turn of the
/// loop is sent at the turn's end, because each batch costs a system call here, one at the server and a flush of its
/// answers.
final class ReadPipeline {
  private let loop: EventLoop
  private let connector: Connector
  private let configuration: PostgresConfiguration
  private let watch: ServerWatch
  private var machine: ReadPipelineMachine
  private var jobs = SlotTable<StatementJob>()
  private var connections: [PostgresConnection] = []
  private var lastNumber: UInt32 = 0
  private var timer: ScheduledTimer?
  /// The answer that is being decided about, and the error with which a session was lost.
  private var answer: StatementJob.Answer?
  private var loss: PostgresError?

  init(connector: Connector, configuration: PostgresConfiguration, watch: ServerWatch) {
    loop = connector.loop
    self.connector = connector
    self.configuration = configuration
    self.watch = watch
    machine = ReadPipelineMachine(
      ReadPipelineMachine.Settings(
        sessions: configuration.readConnectionsPerLoop,
        maximumInFlight: configuration.maximumInFlight,
        maximumWaiting: configuration.maximumWaiting,
        leaseTimeout: configuration.leaseTimeout
      )
    )
  }

  // MARK: Callers

  func submit(_ job: StatementJob, at now: MonotonicInstant) {
    job.id = jobs.insert(job)
    run(.submitted(job.id, job.statement.kind, deadline: job.deadline), at: now)
  }

  /// Ends a job for its caller before it is answered.
  func abandon(_ job: StatementJob, _ error: PostgresError) {
    guard jobs[job.id] === job else { return }
    finish(job.id, .failure(error))
    run(.abandoned(job.id), at: loop.now())
  }

  var statistics: PostgresStatistics.Pool { machine.statistics }

  /// What is known of the server.
  func hear(_ sign: ServerWatch.Sign) {
    switch sign {
    case .suspected(let instant): run(.serverSuspected(before: instant), at: loop.now())
    case .reaches(let server): run(.serverIs(server), at: loop.now())
    }
  }

  func close() { run(.close, at: loop.now()) }

  // MARK: What the machine decides

  private func run(_ event: ReadPipelineMachine.Event, at now: MonotonicInstant) {
    var action = machine.on(event, at: now)
    while let next = action {
      perform(next, at: now)
      action = machine.next(at: now)
    }
  }

  private func perform(_ action: ReadPipelineMachine.Action, at now: MonotonicInstant) {
    switch action {
    case .planTurnEnd:
      loop.atEndOfTick { [weak self] in
        if let self { run(.turnEnded, at: loop.now()) }
      }
    case .open: connector.open { [weak self] result in self?.opened(result) }
    case .setUp(let number):
      guard let connection = connection(number) else { return }
      connection.send(SessionSetUp.job(for: connection, configuration, isReadOnly: true, at: now))
      connection.endBatch()
    case .execute(let number, let id, let isAfterFlush):
      guard let connection = connection(number) else { return }
      if let job = jobs[id] {
        connection.send(job, isAfterFlush: isAfterFlush)
      } else {
        connection.lose(PostgresError(.connectionLost, detail: "a statement that nobody asked for"))
      }
    case .endBatch(let number): connection(number)?.endBatch()
    case .tell(let id): if let answer { finish(id, answer) }
    case .refuse(let id, let refusal): finish(id, .failure(error(refusal)))
    case .prepareAgain(let number): connection(number)?.forgetPrepared()
    case .cancel(let number, let id): connection(number)?.cancel(id)
    case .close(let number):
      connection(number)?.close()
      connections.removeAll { $0.number == number }
    case .suspectServer: watch.suspectServer(at: now)
    case .wake(let instant):
      timer?.cancel()
      timer = loop.schedule(at: instant) { [weak self] in self?.timePassed() }
    }
  }

  /// What has come while the loop had other work to do is not late.
  private func timePassed() {
    for connection in connections { connection.takeArrived() }
    run(.timePassed, at: loop.now())
  }

  private func connection(_ number: SessionNumber) -> PostgresConnection? {
    connections.first { $0.number == number }
  }

  private func finish(_ id: StatementID, _ answer: StatementJob.Answer) {
    jobs.remove(id)?.finish(answer)
  }

  private func error(_ refusal: ReadPipelineMachine.Refusal) -> PostgresError {
    switch refusal {
    case .timedOut: PostgresError(.timedOut)
    case .noPlace: PostgresError(.poolTimeout, detail: connector.explanation)
    case .tooManyWait: PostgresError(.poolExhausted)
    case .away: PostgresError(.connectionFailed, detail: connector.explanation)
    case .lost: loss ?? PostgresError(.connectionLost)
    case .closed: PostgresError(.shutDown)
    }
  }

  private func opened(_ result: Result<ConnectionHandle, PostgresError>) {
    let now = loop.now()
    do throws(PostgresError) {
      lastNumber += 1
      let connection = try PostgresConnection(
        try result.get(),
        number: SessionNumber(lastNumber),
        shapes: connector.shapes,
        loop: loop,
        owner: self
      )
      connections.append(connection)
      let age = configuration.maximumConnectionAge * Double.random(in: 0.8...1)
      run(.opened(connection.number, expiry: now + age), at: now)
    } catch {
      run(.openFailed(isAway: connector.isAway), at: now)
    }
  }
}

extension ReadPipeline: PostgresConnectionOwner {
  func connection(_ connection: PostgresConnection, answered id: StatementID, _ answer: StatementAnswer) {
    let now = connection.arrival
    switch answer {
    case .rows(let rows):
      if id == .setUp, let server = SessionSetUp.server(in: rows) {
        run(.identified(connection.number, server), at: now)
        watch.serverIs(server)
      }
      self.answer = .success(rows)
      run(.answered(connection.number, id, .rows), at: now)
    case .notRun: run(.answered(connection.number, id, .notRun), at: now)
    case .failed(let error):
      self.answer = .failure(error)
      let told: ReadPipelineMachine.Answer =
        if error.asksToPrepareAgain {
          .planChanged
        } else {
          error.kind == .queryCancelled ? .cancelled : .failed
        }
      run(.answered(connection.number, id, told), at: now)
    }
    self.answer = nil
  }

  func connectionDidDrain(_ connection: PostgresConnection) {
    run(.drained(connection.number), at: connection.arrival)
  }

  func connectionDidCancel(_ connection: PostgresConnection) {
    run(.cancelEnded(connection.number), at: connection.arrival)
  }

  func connection(_ connection: PostgresConnection, lost error: PostgresError, by id: StatementID?) {
    connections.removeAll { $0 === connection }
    loss = id.flatMap { jobs[$0] }.map { error.named($0.statement.name) } ?? error
    run(.lost(connection.number, error.endsServer ? .ended : .broken), at: loop.now())
    loss = nil
  }
}

extension ReadPipelineMachine {
  /// How busy the sessions are.
  var statistics: PostgresStatistics.Pool {
    PostgresStatistics.Pool(
      inUse: sessions.count { !$0.inFlight.isEmpty },
      idle: sessions.count { $0.inFlight.isEmpty },
      waiting: waiting.count { self[$0] != nil },
      inFlight: sessions.reduce(0) { $0 + $1.inFlight.count }
    )
  }
}
