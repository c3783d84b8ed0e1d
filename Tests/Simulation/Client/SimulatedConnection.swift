internal import DequeModule
internal import Postgres
internal import Time

/// What a connection tells the pool that owns it.
protocol SimulatedConnectionOwner: AnyObject {
  func connection(
    _ connection: SimulatedConnection,
    answered id: StatementID,
    _ outcome: SessionMachine.Outcome
  )
  func connectionDidSynchronise(_ connection: SimulatedConnection)
  func connectionDidDrain(_ connection: SimulatedConnection)
  func connectionDidCancel(_ connection: SimulatedConnection)
  func connection(_ connection: SimulatedConnection, lostByServer isServerEnding: Bool)
}

/// The gateway's end of one connection: what an executor does for a session's machine. Bytes come in order, and those that
/// are lost are sent again.
final class SimulatedConnection {
  let number: SessionNumber
  private unowned let replica: Replica
  private let ticket: Replica.Ticket
  private weak var owner: (any SimulatedConnectionOwner)?
  private var world: World { replica.world }
  private var machine = SessionMachine()
  private(set) var backend: ModelBackend?
  private var buffer: [ServerFrame] = []
  private var inbox = Deque<ServerAnswer>()
  private var hasHungUp = false
  private var lastSent = MonotonicInstant(nanoseconds: 0)
  private var lastReceived = MonotonicInstant(nanoseconds: 0)
  private var sending: SimulatedJob?
  private var received: ServerAnswer?
  /// The answer to what is being told.
  private(set) var kept: ServerAnswer?
  private(set) var isOpen = true
  private var isOutsideTransaction = true
  private var isCancelling = false
  /// Whether its first statement is answered.
  private(set) var isSetUp = false
  /// How often each slow statement was sent and not answered: one that was moved and came back runs here twice.
  private var slow: [StatementID: Int] = [:]

  init(_ number: SessionNumber, _ replica: Replica, owner: any SimulatedConnectionOwner) {
    (self.number, self.replica, self.owner) = (number, replica, owner)
    ticket = replica.ticket
    backend = replica.world.server.connect { [weak self] answers in
      self?.carryBack { $0.inbox.append(contentsOf: answers) }
    } hangUp: { [weak self] in
      self?.carryBack { $0.hasHungUp = true }
    }
  }

  /// Whether nothing is in flight and no transaction is open.
  var isClean: Bool { isOpen && !machine.isExpecting && isOutsideTransaction }

  /// Whether whatever is sent on it is run at once, or after something quick.
  var isFree: Bool { isOpen && isSetUp && slow.isEmpty && !isCancelling && backend?.isOpen == true }

  // MARK: Sending

  func send(_ job: SimulatedJob, isAfterFlush: Bool = false) {
    sending = job
    if job.statement.isSlow { slow[job.id, default: 0] += 1 }
    let form: SessionMachine.Form = job.isText ? .text : .prepared(shape: job.statement.shape)
    run(.send(job.id, form, isAfterFlush: isAfterFlush))
    sending = nil
  }

  func endBatch() { run(.endBatch) }

  func forgetPrepared() { run(.plansChanged) }

  func cancel(_ id: StatementID) { run(.cancel(id)) }

  func close() {
    owner = nil
    run(.close)
  }

  /// Its process is no more.
  /// - Parameter isHeard: whether the server hears of that.
  func vanish(isHeard: Bool) {
    isOpen = false
    if isHeard { return hangUp() }
    let backend = backend
    backend?.isLeft = true
    if world.plant != .lockLeak { world.schedule(after: .seconds(9)) { backend?.end(isTold: false) } }
  }

  // MARK: What the machine decides

  private func run(_ event: SessionMachine.Event) {
    var action = machine.on(event, at: world.now)
    while let next = action, world.violation == nil {
      perform(next)
      action = machine.next(at: world.now)
    }
  }

  private func perform(_ action: SessionMachine.Action) {
    switch action {
    case .flushRequest: buffer.append(.flush)
    case .prepare(_, let shape, let serial): buffer.append(.prepare(shape: shape, serial: serial))
    case .execute(_, _, let serial): execute(serial)
    case .once, .text, .script: execute(0)
    case .sync:
      buffer.append(.sync)
      flush()
    case .keep: kept = received
    case .tell(let id, let outcome):
      if let copies = slow[id] { slow[id] = copies > 1 ? copies - 1 : nil }
      if id == .setUp { isSetUp = outcome == .rows }
      owner?.connection(self, answered: id, outcome)
      kept = nil
    case .synchronised: owner?.connectionDidSynchronise(self)
    case .enterPipeline: break
    case .cancel: requestCancel()
    case .cancelEnded:
      isCancelling = false
      owner?.connectionDidCancel(self)
    case .wake(let instant):
      world.schedule(at: instant) { [weak self] in
        guard let self else { return }
        replica.receive(ticket) { self.run(.timePassed) }
      }
    case .close:
      shutDown()
    case .lose(let reason):
      shutDown()
      let isServerEnding = if case .server = reason { true } else { false }
      owner?.connection(self, lostByServer: isServerEnding)
    }
  }

  private func execute(_ serial: UInt32) {
    if let job = sending { buffer.append(.execute(job.statement, serial: serial)) }
  }

  private func flush() {
    let frames = buffer
    buffer = []
    lastSent = world.arrival(after: lastSent)
    let backend = backend
    world.schedule(at: lastSent) { backend?.receive(frames) }
  }

  /// A request goes on a connection of its own, and is over once the server has it, or the way there is.
  private func requestCancel() {
    isCancelling = true
    let backend = backend
    let isLost = world.faults.databaseAway != .none || world.random.chance(world.faults.loss)
    let way = isLost ? Duration.seconds(2) : world.trip()
    let isLate = world.plant == .wrongCancel
    if !isLost { world.schedule(after: isLate ? way + .milliseconds(40) : way) { backend?.cancel() } }
    world.schedule(after: isLate ? way : way * 2) { [weak self] in
      guard let self else { return }
      replica.receive(ticket) {
        self.run(.cancelSent)
        if self.isOpen { self.owner?.connectionDidDrain(self) }
      }
    }
  }

  private func shutDown() {
    guard isOpen else { return }
    isOpen = false
    if world.plant != .sessionLeak { hangUp() }
  }

  private func hangUp() {
    let backend = backend
    backend?.isLeft = true
    // The server is told to stop what runs, and rolls back.
    world.schedule(at: world.arrival(after: lastSent)) { backend?.end(isTold: false) }
  }

  // MARK: Receiving

  private func carryBack(_ arrive: @escaping (SimulatedConnection) -> Void) {
    lastReceived = world.arrival(after: lastReceived)
    world.schedule(at: lastReceived) { [weak self] in
      guard let self, isOpen else { return }
      arrive(self)
      replica.receive(ticket) { self.takeArrived() }
    }
  }

  /// Tells what has arrived and was not yet told.
  func takeArrived() {
    guard isOpen, !inbox.isEmpty || hasHungUp else { return }
    while isOpen, machine.isExpecting, let answer = inbox.popFirst() {
      received = answer
      if answer.answer == .synchronised { isOutsideTransaction = answer.isIdle }
      run(.result(answer.answer))
      if isOpen, answer.answer != .synchronised { run(.noResult) }
    }
    if isOpen { owner?.connectionDidDrain(self) }
    if isOpen, !inbox.isEmpty { world.violate("session \(number.value) is answered what it has not asked") }
    if isOpen, hasHungUp { run(.broken) }
  }
}
