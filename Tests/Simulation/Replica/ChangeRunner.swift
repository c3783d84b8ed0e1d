internal import RestrictedPatientsModule
internal import Time

/// A request for a change that prison API must make too, on one process: it does what the machine decides.
final class ChangeRunner {
  static let patience = Duration.seconds(20)
  static let upstreamTimeout = Duration.seconds(5)
  /// What a change may take after its caller's deadline: its record, and the last word on its row.
  private static let lastWords = Duration.seconds(30)

  let operation: ExternalChangeOperation
  private let replica: Replica
  private let ticket: Replica.Ticket
  private var world: World { replica.world }
  private var change: ExternalChange
  private var row: Int?
  private var isAwaited = false
  private(set) var isDone = false
  private var request = 0
  var state: ExternalChange.State? { change.state }
  /// Whether nothing comes after it, or its process is no more.
  var isOver: Bool { isDone || ticket != replica.ticket }

  init(_ operation: ExternalChangeOperation, on replica: Replica) {
    (self.operation, self.replica, ticket) = (operation, replica, replica.ticket)
    change = ExternalChange(
      operation,
      before: replica.world.now + Self.patience,
      upstreamTimeout: Self.upstreamTimeout
    )
  }

  func start() {
    request = world.expect(replica, before: world.now + Self.patience, lastWords: Self.lastWords, "a change")
    happen(.requested)
  }

  private func later(_ delay: Duration, _ body: @escaping () -> Void) {
    world.schedule(after: delay) { [self] in replica.receive(ticket) { if !self.isDone { body() } } }
  }

  private func end() {
    isDone = true
    world.end(request)
    if let state { world.ends[state, default: 0] += 1 }
  }

  private func happen(_ event: ExternalChange.Event) {
    if isDone { return }
    guard let action = change.on(event, at: world.now) else { return }
    world.note { "replica \(replica.index) \(operation) \(event) -> \(action)" }
    switch action {
    case .intend(let pause, let lifetime, let deadline):
      later(pause) { self.intend(lifetime, before: deadline) }
    case .check:
      later(world.trip()) { self.happen(self.world.random.chance(5) ? .refused : .checked) }
    case .ask(let deadline): ask(before: deadline)
    case .tell(let deadline): tell(before: deadline)
    case .record(let pause, let attempt, let settles, let deadline):
      later(pause) { self.record(attempt, settles, before: deadline) }
    case .refuse: finish { $0.end($1) }
    case .markUnknown: finish { [world] in world.plant == .rowForgotten ? $0.end($1) : $0.markUnknown($1) }
    case .answer, .settle: end()
    case .giveUp: world.violate("an event that cannot come: \(event) in \(String(describing: change.state))")
    }
  }

  // MARK: The database

  /// A transaction on the patients, which it has to itself.
  private func transact<Value: Sendable>(
    before deadline: MonotonicInstant,
    _ body: @escaping (inout ModelPatients, ModelDatabase.SessionID) -> Value,
    then: @escaping (Replica.Ended<Value>) -> Void
  ) {
    replica.transaction(before: deadline) { [world] session, backend in
      guard world.database.lock(World.patient, in: session) else { return .waiting }
      var patients = world.patients
      let value = body(&patients, session)
      backend.changedPatients = patients
      return .done(value)
    } committed: { [world] _, rows in
      world.announce(rows)
    } then: {
      then($0)
    }
  }

  /// The last transaction; where it fails the row is left to its time.
  private func finish(_ body: @escaping (inout ModelPatients, Int) -> Void) {
    guard let row else { return end() }
    transact(before: world.now + .seconds(10)) { patients, _ in
      body(&patients, row)
    } then: { [self] _ in
      end()
    }
  }

  private func intend(_ lifetime: Duration, before deadline: MonotonicInstant) {
    transact(before: deadline) { [self] patients, _ in
      patients.intend(operation, lifetime: lifetime, isAwaited: isAwaited, at: world.now)
    } then: { [self] (ended: Replica.Ended<ModelPatients.Intended>) in
      switch ended {
      // Whose row it is that may be there, nobody knows: it is left to its time.
      case .uncertain: happen(.uncertain)
      case .failed, .committed(.refused): happen(.refused)
      case .committed(.overtaken): happen(.overtaken)
      case .committed(.busy(let hasRecord)):
        isAwaited = isAwaited || hasRecord
        happen(.busy)
      case .committed(.written(let id, let afterUnknown)):
        row = id
        happen(.written(afterUnknown: afterUnknown))
      }
    }
  }

  private func record(_ attempt: Int, _ settles: Bool, before deadline: MonotonicInstant) {
    guard world.now < deadline else { return later(world.trip()) { self.happen(.databaseAway) } }
    transact(before: deadline) { [self] patients, session in
      let recorded = patients.record(operation, row ?? 0, settlesEarlier: settles)
      world.observe(
        .recorded(
          operation,
          isNew: recorded == .now,
          isKnown: world.upstream.has(operation),
          isGone: recorded == .before && attempt == 1
        )
      )
      if recorded == .now { world.database.append(World.patient, for: World.topic, in: session) }
      return recorded
    } then: { [self] (ended: Replica.Ended<ModelPatients.Recorded>) in
      switch ended {
      case .failed, .uncertain: happen(.databaseAway)
      case .committed(.now), .committed(.before):
        world.observe(.changeAnswered(operation, hasRow: world.patients.isKept(row)))
        happen(.committed)
      case .committed(.overtaken): happen(.overtaken)
      case .committed(.late): happen(.databaseFailed)
      }
    }
  }

  // MARK: Prison API

  private func ask(before deadline: MonotonicInstant) {
    if world.plant == .askSkipped { return later(world.trip()) { self.happen(.absent) } }
    world.call(from: replica, to: .upstream, before: deadline) { [world, operation] answer in
      let has = world.upstream.has(operation)
      world.observe(.asked(operation, has: has))
      answer(has)
    } then: { [self] (reply: World.Reply<Bool>) in
      guard case .answer(let has) = reply else { return happen(.refused) }
      happen(has ? .done : .absent)
    }
  }

  /// The call may be lost, come late, or be made without an answer.
  private func tell(before deadline: MonotonicInstant) {
    let timeout = min(deadline, world.now + Self.upstreamTimeout)
    world.observe(.told(operation, isOpen: world.patients.isOpen(row, at: world.now)))
    if world.plant == .recordBeforeTold { return happen(.done) }
    // A release that comes through after one that was told later is for prison API to refuse.
    let isLate = operation == .add && world.random.chance(5)
    let delay = isLate ? Duration.seconds(8) : .zero
    world.callUpstream(operation, from: replica, before: timeout, delay: delay) { [self] reply in
      switch reply {
      case .answer(true):
        world.observe(.outcomeKnown(operation))
        happen(.done)
      case .answer(false): happen(.refused)
      case .refused, .silence:
        if world.plant == .doubleTell { return tell(before: deadline) }
        happen(.unanswered(cause: "timed out"))
      }
    }
  }
}
