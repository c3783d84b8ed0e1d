internal import CLibPQ
internal import DequeModule
import EventLoops
internal import Time

/// What a connection tells the pool that owns it, always on the loop; a loss may be told while the pool calls it.
protocol PostgresConnectionOwner: AnyObject {
  /// A statement has been answered.
  func connection(_ connection: PostgresConnection, answered job: StatementJob, _ answer: StatementAnswer)
  /// All statements of a batch have been answered and the server is ready for the next.
  func connectionDidSynchronise(_ connection: PostgresConnection)
  /// All that has arrived has been told.
  func connectionDidDrain(_ connection: PostgresConnection)
  /// The connection is closed. `unanswered` are the statements sent on it whose outcome is not known, in order.
  func connection(_ connection: PostgresConnection, lost error: PostgresError, unanswered: [StatementJob])
  func connection(_ connection: PostgresConnection, notified channel: String, payload: String)
}

enum StatementAnswer {
  case rows(PostgresRows)
  case failed(PostgresError)
  /// A statement before it in its batch failed, so the server has skipped it.
  case notRun
}

/// One session with the server: sends batches of statements and tells their answers in order. It never waits and
/// never decides what a failure means to a caller; its owner does.
///
/// Belongs to one loop. Close it there: its source must be closed before libpq closes the socket.
final class PostgresConnection {
  private enum Entry {
    case prepare(StatementJob, serverName: String)
    case execute(StatementJob)
    case script(StatementJob)
    case sync
  }

  let opened = MonotonicInstant.now()
  /// When the connection is due for replacement.
  let expiry: MonotonicInstant
  private let loop: EventLoop
  private weak var owner: (any PostgresConnectionOwner)?
  private var handle: ConnectionHandle?
  private var source: ReadinessSource?
  private var inFlight = Deque<Entry>()
  private var resultOfHead: PostgresResult?
  private var prepared = PreparedStatements()
  private let encoder = ParameterEncoder()
  private var wantsWrite = false
  private var isPeerDone = false

  /// Statements sent and not yet answered.
  private(set) var jobsInFlight = 0
  /// Whether the server is being told to stop what runs here; nothing new should be sent meanwhile.
  private(set) var isCancelling = false
  /// Whether a statement here may be hit by a cancel request that was meant for another.
  private(set) var mayHitOthers = false
  /// When the server last answered, or got something to do after having nothing.
  private(set) var lastProgress = MonotonicInstant(nanoseconds: 0)
  /// Whether unasked messages (notifications) matter on this connection.
  var isListening = false
  /// Since when a pool has it in reserve.
  var idleSince = MonotonicInstant(nanoseconds: 0)

  /// Takes over an open connection. Call it on `loop`.
  /// - Throws: `PostgresError` of kind `.connectionFailed` when epoll refuses the socket.
  init(
    _ handle: ConnectionHandle,
    maximumAge: Duration,
    loop: EventLoop,
    owner: any PostgresConnectionOwner
  ) throws(PostgresError) {
    self.loop = loop
    self.owner = owner
    self.handle = handle
    expiry = opened + maximumAge * Double.random(in: 0.8...1)
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

  /// Whether nothing is under way and no transaction is open.
  var isClean: Bool { inFlight.isEmpty && handle?.isIdleOutsideTransaction ?? false }

  /// The first statement that has no answer yet: what the server runs, as far as can be told from here.
  var runningJob: StatementJob? {
    for entry in inFlight {
      switch entry {
      case .prepare(let job, _), .execute(let job), .script(let job): return job
      case .sync: continue
      }
    }
    return nil
  }

  func forEachJobInFlight(_ body: (StatementJob) -> Void) {
    for case .execute(let job) in inFlight { body(job) }
  }

  /// Has every statement prepared again before its next use, because tables have changed or the server has forgotten
  /// one.
  func forgetPrepared() { prepared.removeAll() }

  // MARK: Sending

  /// Sends `jobs` as one batch. The server skips what follows a failed one.
  func send(_ jobs: [StatementJob]) {
    guard handle != nil else {
      owner?.connection(self, lost: PostgresError(.connectionLost), unanswered: jobs)
      return
    }
    if inFlight.isEmpty { lastProgress = .now() }
    for (index, job) in jobs.enumerated() where !enqueue(job) {
      return lose(unsent: jobs[index...])
    }
    guard let handle, handle.sendSync() else { return lose(unsent: []) }
    inFlight.append(.sync)
    flush()
  }

  /// Sends several statements in one text, on a connection with nothing in flight.
  func sendScript(_ job: StatementJob) {
    guard let handle, inFlight.isEmpty, handle.exitPipelineMode(), handle.sendScript(job.statement.sql) else {
      return lose(unsent: [job])
    }
    job.isAnswered = false
    inFlight.append(.script(job))
    flush()
  }

  private func enqueue(_ job: StatementJob) -> Bool {
    guard let handle else { return false }
    job.isAnswered = false
    if job.form == .text {
      guard handle.sendText(job.statement.sql) else { return false }
    } else if !job.statement.isPrepared {
      let types = job.parameters.map(\.type.rawValue)
      guard handle.sendOnce(job.statement.sql, types: types, job.parameters, encoder: encoder) else {
        return false
      }
    } else {
      if let name = prepared.serverName(of: job.statement, job.parameters) {
        job.serverName = name
      } else {
        let (name, types) = prepared.insert(job.statement, job.parameters)
        job.serverName = name
        guard handle.sendPrepare(name: name, sql: job.statement.sql, types: types) else { return false }
        inFlight.append(.prepare(job, serverName: name))
      }
      guard handle.sendPrepared(name: job.serverName, job.parameters, encoder: encoder) else { return false }
    }
    inFlight.append(.execute(job))
    jobsInFlight += 1
    return true
  }

  private func flush() {
    guard let handle else { return }
    switch handle.flush() {
    case .done: wantsWrite = false
    case .wouldBlock:
      wantsWrite = true
      // libpq may have read while it could not write, and the socket will not tell of those bytes again.
      loop.atEndOfTick { [weak self] in self?.processResults() }
    case .failed: lose(unsent: [])
    }
  }

  // MARK: Receiving

  private func ready(_ readiness: Readiness) {
    if wantsWrite { flush() }
    if !readiness.isDisjoint(with: [.peerDone, .hungUp]) { isPeerDone = true }
    if readiness.contains(.readable) { receive() }
  }

  /// Reads until the socket is empty, because it tells of bytes only once. Where no answer is due, what is left can
  /// only be a notice, and the next event brings it.
  private func receive() {
    var idlePasses = 0
    while let handle {
      guard handle.consumeInput() else {
        processResults()
        return lose(unsent: [])
      }
      processResults()
      guard self.handle != nil else { return }
      while isListening, let notification = handle.nextNotification() {
        owner?.connection(self, notified: notification.channel, payload: notification.payload)
      }
      if !isPeerDone, !isListening, inFlight.isEmpty { return }
      if handle.hasUnreadBytes { continue }
      // With TLS, OpenSSL may hold the rest of a record (16 KB) of which libpq takes at least 8 KB at a time; after
      // the peer's end, libpq needs a further read to see it.
      idlePasses += 1
      if idlePasses > (handle.isTLS || isPeerDone ? 2 : 0) { return }
    }
  }

  /// Tells the answers that have arrived.
  private func processResults() {
    var emptyRounds = 0
    if let handle, !inFlight.isEmpty, !handle.isBusy { lastProgress = .now() }
    while let handle, let head = inFlight.first, !handle.isBusy {
      if let result = handle.nextResult() {
        emptyRounds = 0
        if result.status == PGRES_PIPELINE_SYNC {
          guard case .sync = head else { return lose(unsent: []) }
          inFlight.removeFirst()
          if jobsInFlight == 0, !isCancelling { mayHitOthers = false }
          owner?.connectionDidSynchronise(self)
        } else if result.isCopy {
          // Neither side would go on, and libpq would repeat this result for ever.
          return lose(unsent: [], PostgresError(.other, detail: "COPY is not supported"))
        } else if resultOfHead?.status != PGRES_FATAL_ERROR {
          resultOfHead = result
        }
      } else if let result = resultOfHead {
        resultOfHead = nil
        inFlight.removeFirst()
        complete(head, result)
      } else {
        emptyRounds += 1
        if emptyRounds > 2 { return lose(unsent: []) }
      }
    }
    if handle != nil { owner?.connectionDidDrain(self) }
  }

  private func complete(_ entry: Entry, _ result: PostgresResult) {
    switch entry {
    case .prepare(let job, let serverName): completePrepare(job, serverName, result)
    case .execute(let job):
      jobsInFlight -= 1
      if !job.isAnswered { answer(job, result, entry) }
    case .script(let job):
      guard let handle, handle.enterPipelineMode() else { return lose(unsent: [job]) }
      answer(job, result, entry)
      owner?.connectionDidSynchronise(self)
    case .sync: lose(unsent: [])
    }
  }

  private func completePrepare(_ job: StatementJob, _ serverName: String, _ result: PostgresResult) {
    guard result.status != PGRES_COMMAND_OK else { return }
    prepared.remove(name: job.statement.name, serverName: serverName)
    guard result.status == PGRES_FATAL_ERROR else { return }
    // The statement itself, which the server skips, is still in flight: should the connection be lost with this
    // error, it is told then.
    let error = result.error()
    if Self.endsConnection(error) { return lose(unsent: [], error) }
    job.isAnswered = true
    owner?.connection(self, answered: job, .failed(error))
  }

  private func answer(_ job: StatementJob, _ result: PostgresResult, _ entry: Entry) {
    job.isAnswered = true
    switch result.status {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
      owner?.connection(self, answered: job, .rows(PostgresRows(result)))
    case PGRES_PIPELINE_ABORTED:
      owner?.connection(self, answered: job, .notRun)
    case PGRES_FATAL_ERROR:
      let error = result.error()
      if Self.endsConnection(error) {
        job.isAnswered = false
        inFlight.prepend(entry)
        return lose(unsent: [], error)
      }
      if error.asksToPrepareAgain {
        prepared.remove(name: job.statement.name, serverName: job.serverName)
      }
      owner?.connection(self, answered: job, .failed(error))
    default:
      owner?.connection(self, answered: job, .failed(PostgresError(.other, detail: "an unknown result")))
    }
  }

  private static func endsConnection(_ error: PostgresError) -> Bool {
    error.sqlState.map(PostgresError.endsConnection) ?? true
  }

  // MARK: Cancelling and ending

  /// Tells the server to stop what it runs on this connection. The answer comes as that statement's error.
  func cancelRunningStatement() {
    guard let handle, !isCancelling else { return }
    isCancelling = true
    mayHitOthers = true
    let me = LoopBound(self)
    handle.cancel(on: loop) { me.value.cancelEnded() }
  }

  private func cancelEnded() {
    isCancelling = false
    if handle != nil { owner?.connectionDidDrain(self) }
  }

  /// Ends the session. What was in flight is told to nobody, and the server stops it.
  func close() {
    owner = nil
    if runningJob != nil { handle?.stopBeforeClosing() }
    shutDown()
  }

  /// Gives the connection up and tells the owner.
  func lose(_ error: PostgresError) { lose(unsent: [], error) }

  private func lose(unsent: some Collection<StatementJob>, _ error: PostgresError? = nil) {
    guard let handle else { return }
    let error = error ?? PostgresError(.connectionLost, detail: handle.errorText)
    var unanswered: [StatementJob] = []
    for entry in inFlight {
      switch entry {
      case .execute(let job), .script(let job): if !job.isAnswered { unanswered.append(job) }
      case .prepare, .sync: break
      }
    }
    unanswered.append(contentsOf: unsent)
    shutDown()
    owner?.connection(self, lost: error, unanswered: unanswered)
  }

  private func shutDown() {
    source?.close()
    source = nil
    handle = nil
    inFlight = []
    jobsInFlight = 0
    resultOfHead = nil
  }
}
