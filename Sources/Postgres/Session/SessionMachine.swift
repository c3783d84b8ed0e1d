internal import DequeModule
package import Time

/// What one session with the server says next, and what an answer of it belongs to: the order of prepare, execute and
/// sync, what a batch leaves when one of it fails, what runs now, and what a cancel may hit. Without socket, timer or
/// clock; `PostgresConnection` carries out what it decides.
///
/// Statements travel in batches: each ends with a sync, up to which a failure makes the server skip what follows.
package struct SessionMachine: Sendable, Equatable {
  /// What was sent and is not yet answered.
  enum Entry: Sendable, Equatable {
    case prepare(StatementID, shape: Int, serial: UInt32)
    case execute(StatementID, shape: Int, serial: UInt32)
    case script(StatementID)
    case sync
  }

  /// How long the server has to stop a statement after it was told to; then the session is given up.
  static let cancelGrace = Duration.seconds(2)

  private(set) var inFlight = Deque<Entry>()
  private var actions = Deque<Action>()
  /// By shape, the number in the name that the server knows its statement by; 0 for none.
  private var prepared: [UInt32] = []
  private var lastSerial: UInt32 = 0
  /// Serials that the server never prepared, while something in flight may name them.
  private var unmade: [UInt32] = []
  /// What the first statement in flight has been answered, until libpq says that this is all.
  private var answer: Answer?
  private var emptyRounds = 0
  /// Whether the first statement's failure was told when it was prepared: what follows is an echo.
  private var isEcho = false
  private var isOver = false

  /// The statement that nobody waits for, and is to be stopped once it runs.
  private var unwanted: StatementID?
  /// Whether the server is being told to stop what runs; nothing new should be sent meanwhile.
  private(set) var isCancelling = false
  /// What the server was told to stop, and when it must have.
  private var cancelled: StatementID?
  private var cancelDeadline: MonotonicInstant?

  /// With nothing in flight.
  package init() {}

  /// Whether answers are due.
  package var isExpecting: Bool { !inFlight.isEmpty }

  /// The first statement that has no answer yet: what the server runs, or what comes next.
  var running: StatementID? {
    for entry in inFlight {
      switch entry {
      case .prepare(let id, _, _), .execute(let id, _, _), .script(let id): return id
      case .sync: continue
      }
    }
    return nil
  }

  /// - Returns: the first thing to do, if there is any; ``next(at:)`` has the others.
  package mutating func on(_ event: Event, at now: MonotonicInstant) -> Action? {
    if !isOver { handle(event, now) }
    return actions.popFirst()
  }

  /// What else to do; nil once there is nothing.
  package mutating func next(at _: MonotonicInstant) -> Action? { actions.popFirst() }

  private mutating func handle(_ event: Event, _ now: MonotonicInstant) {
    switch event {
    case .send(let id, let form, let isAfterFlush): send(id, form, isAfterFlush)
    case .endBatch:
      inFlight.append(.sync)
      actions.append(.sync)
    case .result(let result): receive(result, now)
    case .noResult: answerIsWhole()
    case .cancel(let id):
      unwanted = id
      cancelIfRunning()
    case .cancelSent: cancelWasSent(now)
    case .timePassed: giveUpWhatDoesNotStop(now)
    case .plansChanged: forgetPrepared()
    case .broken: lose(.connection)
    case .close:
      isOver = true
      actions.removeAll()
      actions.append(.close(isRunning: running != nil))
      inFlight.removeAll()
    }
  }

  // MARK: Sending

  private mutating func send(_ id: StatementID, _ form: Form, _ isAfterFlush: Bool) {
    if isAfterFlush { actions.append(.flushRequest) }
    switch form {
    case .prepared(let shape): sendPrepared(id, shape)
    case .once:
      inFlight.append(.execute(id, shape: -1, serial: 0))
      actions.append(.once(id))
    case .text:
      inFlight.append(.execute(id, shape: -1, serial: 0))
      actions.append(.text(id))
    case .script:
      guard inFlight.isEmpty else { return lose(.protocolBroken) }
      inFlight.append(.script(id))
      actions.append(.script(id))
    }
  }

  private mutating func sendPrepared(_ id: StatementID, _ shape: Int) {
    if shape >= prepared.count {
      prepared.append(contentsOf: repeatElement(0, count: shape + 1 - prepared.count))
    }
    var serial = prepared[shape]
    if serial == 0 {
      lastSerial += 1
      serial = lastSerial
      prepared[shape] = serial
      inFlight.append(.prepare(id, shape: shape, serial: serial))
      actions.append(.prepare(id, shape: shape, serial: serial))
    }
    inFlight.append(.execute(id, shape: shape, serial: serial))
    actions.append(.execute(id, shape: shape, serial: serial))
  }

  private mutating func forgetPrepared() {
    for shape in prepared.indices { prepared[shape] = 0 }
  }

  // MARK: Answers

  private mutating func receive(_ result: Answer, _ now: MonotonicInstant) {
    emptyRounds = 0
    switch result {
    case .synchronised:
      guard inFlight.first == .sync else { return lose(.protocolBroken) }
      inFlight.removeFirst()
      if inFlight.isEmpty { unmade.removeAll() }
      actions.append(.synchronised)
    // Neither side would go on, and libpq would repeat this result for ever.
    case .copy: lose(.copy)
    default:
      // Of a script's results the last counts, or the failure.
      if case .failed = answer { return }
      answer = result
      actions.append(.keep)
    }
  }

  private mutating func answerIsWhole() {
    guard let answer else {
      emptyRounds += 1
      if emptyRounds > 2 { lose(.protocolBroken) }
      return
    }
    self.answer = nil
    switch inFlight.first {
    case .prepare(let id, let shape, let serial): preparedAnswered(id, shape, serial, answer)
    case .execute(let id, let shape, let serial): executedAnswered(id, shape, serial, answer)
    case .script(let id):
      if case .failed(.endsSession) = answer { return lose(.server(id)) }
      inFlight.removeFirst()
      actions.append(.enterPipeline)
      actions.append(.tell(id, answer.outcome))
      actions.append(.synchronised)
    case .sync, nil: lose(.protocolBroken)
    }
    if cancelled != nil, running != cancelled { (cancelled, cancelDeadline) = (nil, nil) }
    if unwanted != nil { cancelIfRunning() }
  }

  private mutating func preparedAnswered(
    _ id: StatementID,
    _ shape: Int,
    _ serial: UInt32,
    _ answer: Answer
  ) {
    if answer == .rows {
      inFlight.removeFirst()
      return
    }
    // The statement itself, which the server skips, is still in flight: a session that ends here takes it along.
    if answer == .failed(.endsSession) { return lose(.server(id)) }
    inFlight.removeFirst()
    if prepared[shape] == serial { prepared[shape] = 0 }
    unmade.append(serial)
    if case .failed = answer {
      isEcho = true
      actions.append(.tell(id, .failed))
    }
  }

  private mutating func executedAnswered(
    _ id: StatementID,
    _ shape: Int,
    _ serial: UInt32,
    _ answer: Answer
  ) {
    if isEcho {
      isEcho = false
      inFlight.removeFirst()
      return
    }
    if answer == .failed(.endsSession) { return lose(.server(id)) }
    inFlight.removeFirst()
    switch answer {
    // A neighbour's failure kept the server from preparing it: that says nothing of the statement.
    case .failed(.unknownStatement) where unmade.contains(serial): actions.append(.tell(id, .notRun))
    case .failed(.unknownStatement), .failed(.planChanged):
      if shape >= 0, prepared[shape] == serial { prepared[shape] = 0 }
      actions.append(.tell(id, .failed))
    default: actions.append(.tell(id, answer.outcome))
    }
  }

  // MARK: Cancelling and ending

  /// A request hits whatever runs when it arrives: so it is sent only for what runs, and one at a time.
  private mutating func cancelIfRunning() {
    guard !isOver, let id = unwanted, !isCancelling else { return }
    guard isInFlight(id) else {
      unwanted = nil
      return
    }
    guard running == id else { return }
    unwanted = nil
    isCancelling = true
    if cancelled != id { cancelDeadline = nil }
    cancelled = id
    actions.append(.cancel)
  }

  private func isInFlight(_ id: StatementID) -> Bool {
    inFlight.contains { entry in
      switch entry {
      case .prepare(let other, _, _), .execute(let other, _, _), .script(let other): other == id
      case .sync: false
      }
    }
  }

  private mutating func cancelWasSent(_ now: MonotonicInstant) {
    guard isCancelling else { return }
    isCancelling = false
    // Who is told once more has no more time for it.
    if cancelled != nil, running == cancelled, cancelDeadline == nil {
      cancelDeadline = now + Self.cancelGrace
      actions.append(.wake(at: now + Self.cancelGrace))
    }
    actions.append(.cancelEnded)
    cancelIfRunning()
  }

  private mutating func giveUpWhatDoesNotStop(_ now: MonotonicInstant) {
    guard let cancelDeadline, cancelDeadline <= now else { return }
    self.cancelDeadline = nil
    if let cancelled, running == cancelled { lose(.cancelIgnored) }
  }

  private mutating func lose(_ reason: Loss) {
    isOver = true
    actions.removeAll()
    actions.append(.lose(reason))
    inFlight.removeAll()
  }
}
