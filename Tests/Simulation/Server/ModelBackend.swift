internal import DequeModule
internal import Postgres
internal import Time

/// PostgreSQL's end of one connection: runs what comes in order, one statement at a time, and keeps the answers back until
/// it is asked for them by a flush or a sync. After a failure it skips what comes before the next sync.
final class ModelBackend {
  /// How long a statement waits for a lock.
  static let lockTimeout = Duration.seconds(4)

  let number: Int
  /// Which server it belongs to.
  let identity: Int64
  private unowned let world: World
  /// Takes answers on their way to the client, and the word that there will be no more.
  private let deliver: ([ServerAnswer]) -> Void
  private let hangUp: () -> Void
  private(set) var isOpen = true
  /// Whether its client has left, of which it will hear.
  var isLeft = false
  /// Since when its server is no longer the one that takes writes.
  private(set) var demotedAt: MonotonicInstant?
  /// Its transaction.
  private(set) var session: ModelDatabase.SessionID?
  /// The patients as its transaction has changed them.
  var changedPatients: ModelPatients?
  private var isTransactionFailed = false
  private var isBatchFailed = false
  /// The shapes by their serials; negative for one whose tables have changed since.
  private var prepared: [UInt32: Int] = [:]
  private var queue = Deque<ServerFrame>()
  private(set) var running: ServerStatement?
  private var lockDeadline = MonotonicInstant(nanoseconds: 0)
  private var runs = 0
  /// Its process does nothing until then, and then what came meanwhile.
  private var frozenUntil = MonotonicInstant(nanoseconds: 0)
  private var isStopPending = false
  private var isDue = false
  private var output: [ServerAnswer] = []

  init(
    number: Int,
    identity: Int64,
    world: World,
    deliver: @escaping ([ServerAnswer]) -> Void,
    hangUp: @escaping () -> Void
  ) {
    (self.number, self.identity, self.world) = (number, identity, world)
    (self.deliver, self.hangUp) = (deliver, hangUp)
  }

  // MARK: What comes

  func receive(_ frames: [ServerFrame]) {
    guard isOpen else { return }
    queue.append(contentsOf: frames)
    advance()
  }

  /// A request to stop hits whatever runs when it comes.
  func cancel() {
    guard isOpen, let statement = running else { return }
    if isFrozen {
      isStopPending = true
      return
    }
    world.note { "server \(number) is told to stop statement \(statement.token)" }
    fail(statement, .cancelled)
    advance()
  }

  /// Its client is gone, or it ends by itself.
  /// - Parameter isTold: whether the client is to hear of it.
  func end(isTold: Bool) {
    guard isOpen else { return }
    if isFrozen, !isTold {
      return world.schedule(at: frozenUntil) { [weak self] in self?.end(isTold: false) }
    }
    isOpen = false
    world.note { "server \(number) ends" }
    if isTold {
      if let running {
        deliver(output + [ServerAnswer(answer: .failed(.endsSession), token: running.token, trouble: .other)])
      }
      hangUp()
    }
    runs += 1
    running = nil
    queue = []
    rollBack()
  }

  /// Another server takes the writes from now on; this one goes on answering reads.
  func demote() {
    demotedAt = world.now
    if session != nil { isTransactionFailed = true }
    rollBack()
  }

  /// What was prepared before no longer fits its tables.
  func changeTables() {
    for (serial, shape) in prepared { prepared[serial] = shape < 0 ? shape : -1 - shape }
  }

  /// Whether it has waited for so long for its client within a transaction.
  func isIdleInTransaction(for timeout: Duration) -> Bool {
    guard running == nil, !isFrozen, let session, let last = world.database.lastUse(of: session) else {
      return false
    }
    return last + timeout <= world.now
  }

  // MARK: A frozen process

  private var isFrozen: Bool { world.now < frozenUntil }

  func freeze(for duration: Duration) {
    frozenUntil = max(frozenUntil, world.now + duration)
    world.schedule(at: frozenUntil) { [weak self] in self?.goOn() }
  }

  func thaw() {
    frozenUntil = min(frozenUntil, world.now)
    goOn()
  }

  private func goOn() {
    guard isOpen, !isFrozen else { return }
    if isStopPending { cancel() }
    isStopPending = false
    if isDue, running != nil { finish() }
    isDue = false
    advance()
  }

  // MARK: One after the other

  private func advance() {
    while isOpen, !isFrozen, running == nil, let frame = queue.popFirst() {
      switch frame {
      case .flush: send()
      case .sync:
        isBatchFailed = false
        output.append(ServerAnswer(answer: .synchronised, isIdle: session == nil && !isTransactionFailed))
        send()
      case .prepare(let shape, let serial):
        if isBatchFailed {
          output.append(ServerAnswer(answer: .skipped))
        } else {
          prepared[serial] = shape
          output.append(ServerAnswer(answer: .rows))
        }
      case .execute(let statement, let serial): execute(statement, serial)
      }
    }
  }

  private func send() {
    if output.isEmpty { return }
    deliver(output)
    output = []
  }

  private func execute(_ statement: ServerStatement, _ serial: UInt32) {
    if isBatchFailed { return output.append(ServerAnswer(answer: .skipped, token: statement.token)) }
    if serial != 0 {
      guard let shape = prepared[serial] else { return refuse(statement, .unknownStatement) }
      if shape < 0 { return refuse(statement, .planChanged) }
      if shape != statement.shape { world.violate("statement \(statement.token) has run another's plan") }
    }
    if statement.isWrite, demotedAt != nil { return fail(statement, .readOnly) }
    running = statement
    runs += 1
    isDue = false
    lockDeadline = world.now + statement.duration + Self.lockTimeout
    if statement.duration == .zero { return finish() }
    wait(statement.duration)
  }

  private func wait(_ duration: Duration) {
    let run = runs
    world.schedule(after: duration) { [weak self] in
      guard let self, isOpen, runs == run, running != nil else { return }
      if isFrozen {
        isDue = true
        return
      }
      finish()
      advance()
    }
  }

  private func finish() {
    guard let statement = running else { return }
    if let session { world.database.touch(session, at: world.now) }
    switch statement.run(self) {
    case .rows(let value):
      running = nil
      output.append(ServerAnswer(answer: .rows, token: statement.token, value: value))
    case .waiting where world.now < lockDeadline: wait(.milliseconds(20))
    case .waiting, .failed: fail(statement, .other)
    }
  }

  private func fail(_ statement: ServerStatement, _ trouble: ServerAnswer.Trouble) {
    refuse(statement, .other, trouble)
  }

  private func refuse(
    _ statement: ServerStatement,
    _ failure: SessionMachine.Failure,
    _ trouble: ServerAnswer.Trouble = .other
  ) {
    running = nil
    runs += 1
    isBatchFailed = true
    if session != nil {
      rollBack()
      isTransactionFailed = true
    }
    output.append(ServerAnswer(answer: .failed(failure), token: statement.token, trouble: trouble))
  }

  // MARK: Transactions

  func begin() -> ServerStatement.Ran {
    if session != nil || isTransactionFailed {
      world.violate("server \(number): a transaction begins within another's")
    }
    session = world.database.begin(wall: world.clock.wall, at: world.now)
    return .rows(nil)
  }

  /// - Returns: what has changed.
  func commit() -> [Int64: ModelDatabase.Row?]? {
    isTransactionFailed = false
    guard let ended = session else { return nil }
    session = nil
    let changes = world.database.commit(ended)
    if changes != nil, let patients = changedPatients { world.patients = patients }
    changedPatients = nil
    return changes
  }

  /// ROLLBACK, as a statement.
  func abort() -> ServerStatement.Ran {
    rollBack()
    isTransactionFailed = false
    return .rows(nil)
  }

  private func rollBack() {
    if let session { world.database.rollback(session) }
    (session, changedPatients) = (nil, nil)
  }
}
