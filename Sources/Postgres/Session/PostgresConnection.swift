internal import CLibPQ
import EventLoops
internal import Time

/// One session with the server: turns libpq's sockets and results into events of a `SessionMachine`, and carries out
/// what that decides. It never waits.
///
/// Belongs to one loop. Close it there: its source must be closed before libpq closes the socket.
final class PostgresConnection {
  let number: SessionNumber
  let opened: MonotonicInstant
  private let loop: EventLoop
  private let shapes: StatementShapes
  private weak var owner: (any PostgresConnectionOwner)?
  private var handle: ConnectionHandle?
  private var source: ReadinessSource?
  private var machine = SessionMachine()
  private let encoder = ParameterEncoder()
  private var wantsWrite = false
  private var isPeerDone = false
  private var timer: ScheduledTimer?
  /// The statement whose sending is being decided.
  private var sending: StatementJob?
  /// The server's names of prepared statements, by serial, from 1.
  private var names: [String] = []
  /// The result that is being decided about, and the one that is kept as an answer.
  private var received: PostgresResult?
  private var kept: PostgresResult?

  /// When what is being told arrived.
  private(set) var arrival: MonotonicInstant
  /// Whether unasked messages (notifications) matter on this connection.
  var isListening = false

  /// Takes over an open connection. Call it on `loop`.
  /// - Throws: `PostgresError` of kind `.connectionFailed` when epoll refuses the socket.
  init(
    _ handle: ConnectionHandle,
    number: SessionNumber,
    shapes: StatementShapes,
    loop: EventLoop,
    owner: any PostgresConnectionOwner
  ) throws(PostgresError) {
    self.number = number
    self.shapes = shapes
    self.loop = loop
    opened = loop.now()
    arrival = opened
    self.owner = owner
    self.handle = handle
    do throws(SystemError) {
      source = try ReadinessSource(fileDescriptor: handle.socket, loop: loop)
    } catch {
      throw PostgresError(.connectionFailed, detail: error.description)
    }
    source?.onReady = { [unowned self] readiness in ready(readiness) }
  }

  var isOpen: Bool { handle != nil }

  /// The server's process, as whoever answered the connection told it: a pooler tells a number of its own.
  var toldProcessID: Int32 { handle?.toldProcessID ?? 0 }

  /// Whether nothing is in flight and no transaction is open.
  var isClean: Bool { !machine.isExpecting && handle?.isIdleOutsideTransaction ?? false }

  // MARK: Sending

  /// Sends a statement, or keeps it until its batch ends.
  /// - Parameter isAfterFlush: whether the server is to send what it has been asked before, whatever becomes of this.
  func send(_ job: StatementJob, isAfterFlush: Bool = false) {
    let form: SessionMachine.Form =
      switch job.form {
      case .text: .text
      case .script: .script
      case .prepared: shapes.shape(of: job.statement, job.parameters).map { .prepared(shape: $0) } ?? .once
      }
    sending = job
    run(.send(job.id, form, isAfterFlush: isAfterFlush))
    sending = nil
  }

  func endBatch() { run(.endBatch) }

  /// Has every statement prepared again before its next use, because tables have changed or the server has forgotten
  /// one.
  func forgetPrepared() { run(.plansChanged) }

  /// Has the server stop a statement, as soon as it runs. Its answer comes as that statement's error.
  func cancel(_ id: StatementID) { run(.cancel(id)) }

  /// Ends the session. What was in flight is told to nobody, and the server stops it.
  func close() {
    owner = nil
    run(.close)
  }

  /// Gives the connection up and tells the owner.
  func lose(_ error: PostgresError) {
    guard handle != nil else { return }
    shutDown()
    owner?.connection(self, lost: error, by: nil)
  }

  // MARK: What the machine decides

  private func run(_ event: SessionMachine.Event) {
    var action = machine.on(event, at: arrival)
    while let next = action {
      perform(next)
      action = machine.next(at: arrival)
    }
  }

  private func perform(_ action: SessionMachine.Action) {
    switch action {
    case .flushRequest, .prepare, .execute, .once, .text, .script, .sync:
      if !transmit(action) { run(.broken) }
    case .keep: kept = received
    case .tell(let id, let outcome): tell(id, outcome)
    case .synchronised: owner?.connectionDidSynchronise(self)
    case .enterPipeline: if handle?.enterPipelineMode() != true { run(.broken) }
    case .cancel:
      let me = LoopBound(self)
      handle?.cancel(on: loop) { me.value.cancelEnded() }
    case .cancelEnded: owner?.connectionDidCancel(self)
    case .wake(let instant):
      timer = loop.schedule(at: instant) { [weak self] in
        guard let self else { return }
        arrival = loop.now()
        run(.timePassed)
      }
    case .close(let isRunning):
      if isRunning { handle?.stopBeforeClosing() }
      shutDown()
    case .lose(let reason): end(reason)
    }
  }

  /// False when libpq refuses.
  private func transmit(_ action: SessionMachine.Action) -> Bool {
    guard let handle else { return false }
    if action == .sync { return handle.sendSync() && flush() }
    if action == .flushRequest { return handle.sendFlushRequest() }
    guard let job = sending else { return false }
    let statement = job.statement
    switch action {
    case .prepare(_, let shape, let serial):
      // The server cuts names at 63 bytes; the number comes first so that cutting keeps them apart.
      let name = "s\(serial)_\(statement.name)"
      names.append(name)
      return handle.sendPrepare(name: name, sql: statement.sql, types: shapes.types(of: shape))
    case .execute(_, _, let serial):
      return handle.sendPrepared(name: names[Int(serial) - 1], job.parameters, encoder: encoder)
    case .once:
      let types = job.parameters.map(\.type.rawValue)
      return handle.sendOnce(statement.sql, types: types, job.parameters, encoder: encoder)
    case .text: return handle.sendText(statement.sql)
    case .script: return handle.exitPipelineMode() && handle.sendScript(statement.sql) && flush()
    default: return false
    }
  }

  /// False when the connection is gone.
  private func flush() -> Bool {
    guard let handle else { return false }
    switch handle.flush() {
    case .done: wantsWrite = false
    case .wouldBlock:
      wantsWrite = true
      // libpq may have read while it could not write, and the socket will not tell of those bytes again.
      loop.atEndOfTick { [weak self] in
        guard let self else { return }
        arrival = loop.now()
        processResults()
      }
    case .failed: return false
    }
    return true
  }

  private func tell(_ id: StatementID, _ outcome: SessionMachine.Outcome) {
    let result = kept
    kept = nil
    switch outcome {
    case .notRun: owner?.connection(self, answered: id, .notRun)
    case .rows:
      if let result { owner?.connection(self, answered: id, .rows(PostgresRows(result))) }
    case .failed:
      let error = result.map { $0.status == PGRES_FATAL_ERROR ? $0.error() : Self.unknownResult }
      owner?.connection(self, answered: id, .failed(error ?? Self.unknownResult))
    }
  }

  private static var unknownResult: PostgresError { PostgresError(.other, detail: "an unknown result") }

  private func cancelEnded() {
    arrival = loop.now()
    run(.cancelSent)
    if handle != nil { owner?.connectionDidDrain(self) }
  }

  private func end(_ reason: SessionMachine.Loss) {
    guard let handle else { return }
    var by: StatementID?
    let error: PostgresError
    switch reason {
    case .connection, .protocolBroken: error = PostgresError(.connectionLost, detail: handle.errorText)
    case .copy: error = PostgresError(.other, detail: "COPY is not supported")
    case .cancelIgnored:
      error = PostgresError(.connectionLost, detail: "no answer to a cancel request")
    case .server(let id):
      by = id
      error = kept?.error() ?? PostgresError(.connectionLost, detail: handle.errorText)
    }
    shutDown()
    owner?.connection(self, lost: error, by: by)
  }

  private func shutDown() {
    timer?.cancel()
    source?.close()
    source = nil
    handle = nil
    kept = nil
    received = nil
  }

  // MARK: Receiving

  private func ready(_ readiness: Readiness) {
    arrival = loop.now()
    if wantsWrite, !flush() { return run(.broken) }
    if !readiness.isDisjoint(with: [.peerDone, .hungUp]) { isPeerDone = true }
    if readiness.contains(.readable) { receive() }
  }

  /// Tells what has arrived and was not yet told, if answers are due.
  func takeArrived() {
    guard machine.isExpecting else { return }
    arrival = loop.now()
    receive()
  }

  /// Reads until the socket is empty, because it tells of bytes only once. Where no answer is due, what is left can
  /// only be a notice, and the next event brings it.
  private func receive() {
    var idlePasses = 0
    while let handle {
      guard handle.consumeInput() else {
        processResults()
        return run(.broken)
      }
      processResults()
      guard self.handle != nil else { return }
      while isListening, let notification = handle.nextNotification() {
        owner?.connection(self, notified: notification.channel, payload: notification.payload)
      }
      if !isPeerDone, !isListening, !machine.isExpecting { return }
      if handle.hasUnreadBytes { continue }
      // With TLS, OpenSSL may hold the rest of a record (16 KB) of which libpq takes at least 8 KB at a time; after
      // the peer's end, libpq needs a further read to see it.
      idlePasses += 1
      if idlePasses > (handle.isTLS || isPeerDone ? 2 : 0) { return }
    }
  }

  /// Tells the answers that have arrived.
  private func processResults() {
    while let handle, machine.isExpecting, !handle.isBusy {
      if let result = handle.nextResult() {
        received = result
        run(.result(result.answer))
      } else {
        run(.noResult)
      }
    }
    received = nil
    if handle != nil { owner?.connectionDidDrain(self) }
  }
}

extension PostgresResult {
  /// What it says to a `SessionMachine`.
  fileprivate var answer: SessionMachine.Answer {
    let status = status
    switch status {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return .rows
    case PGRES_PIPELINE_SYNC: return .synchronised
    case PGRES_PIPELINE_ABORTED: return .skipped
    case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: return .copy
    case PGRES_FATAL_ERROR:
      let error = error()
      guard let code = error.sqlState, !PostgresError.endsConnection(code) else {
        return .failed(.endsSession)
      }
      if code == "26000" { return .failed(.unknownStatement) }
      return .failed(error.asksToPrepareAgain ? .planChanged : .other)
    default: return .unknown
    }
  }
}
