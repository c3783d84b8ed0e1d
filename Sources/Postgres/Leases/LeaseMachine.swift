internal import DequeModule
package import Time

/// Who gets which session for a transaction, who waits for one and how long, and what becomes of a session afterwards:
/// first come, first served; bounded in number, in callers that wait and in the time they wait. It knows callers,
/// leases, sessions and statements by their numbers; `LeasePool` carries out what it decides.
package struct LeaseMachine: Sendable, Equatable {
  struct Waiter: Sendable, Equatable {
    let id: WaiterID
    let deadline: MonotonicInstant
  }

  /// How long to wait before another session is opened when one was lost before it could be used.
  static let openPause = Duration.milliseconds(100)

  let settings: Settings
  /// Those that were lost stay until their lease ends.
  var sessions: [LeaseSession] = []
  var waiters = Deque<Waiter>()
  var lastLease: LeaseID = 0
  var opening = 0
  /// Before it no session is opened.
  var openTime = MonotonicInstant(nanoseconds: 0)
  var isAway = false
  var isClosed = false
  var wakeTime: MonotonicInstant?
  var actions = Deque<Action>()

  /// With no session.
  package init(_ settings: Settings) { self.settings = settings }

  /// - Returns: the first thing to do, if there is any; ``next(at:)`` has the others.
  package mutating func on(_ event: Event, at now: MonotonicInstant) -> Action? {
    switch event {
    case .requested(let id, let deadline): requested(id, deadline, now)
    case .waiterGone(let id): waiters.removeAll { $0.id == id }
    case .opened(let number, let expiry): opened(number, expiry, now)
    case .openFailed(let isAway): openFailed(isAway, now)
    case .identified(let number, let server):
      if let index = index(of: number) { sessions[index].server = server }
    case .serverIs(let server): retire { $0.server != nil && $0.server != server }
    case .serverSuspected(let instant): retire { $0.opened < instant }
    case .run(let lease, let statements, let isScript, let deadline):
      run(lease, statements, isScript, deadline)
    case .abandoned(let lease): if let index = index(ofLease: lease) { stop(index) }
    case .answered(let number, let id, let answer): answered(number, id, answer)
    case .synchronised(let number): synchronised(number, now)
    case .lost(let number, let isServerEnding): lost(number, isServerEnding, now)
    case .spoilt(let lease): if let index = index(ofLease: lease) { sessions[index].isSpoilt = true }
    case .returned(let lease, let isClean): returned(lease, isClean, now)
    case .timePassed: timePassed(now)
    case .close: close()
    }
    return actions.popFirst()
  }

  /// What else to do; nil once there is nothing.
  package mutating func next(at _: MonotonicInstant) -> Action? { actions.popFirst() }

  func index(of number: SessionNumber) -> Int? { sessions.firstIndex { $0.number == number } }

  func index(ofLease lease: LeaseID) -> Int? { sessions.firstIndex { $0.state == .leased(lease) } }

  // MARK: Lending

  private mutating func requested(_ id: WaiterID, _ deadline: MonotonicInstant, _ now: MonotonicInstant) {
    if isClosed { return actions.append(.refuse(id, .closed)) }
    if isAway, isWithoutServer { return actions.append(.refuse(id, .away)) }
    if waiters.count >= settings.maximumWaiting { return actions.append(.refuse(id, .tooManyWait)) }
    let end = min(deadline, now + settings.leaseTimeout)
    waiters.append(Waiter(id: id, deadline: end))
    serve(now)
    if waiters.last?.id == id { wake(at: end) }
  }

  /// Whether no session is open.
  private var isWithoutServer: Bool { sessions.allSatisfy(\.isLost) }

  mutating func serve(_ now: MonotonicInstant) {
    while let waiter = waiters.first, let index = usable(now) {
      waiters.removeFirst()
      lastLease += 1
      sessions[index].state = .leased(lastLease)
      actions.append(.lend(lastLease, sessions[index].number, to: waiter.id))
    }
    let wanted = isAway ? 1 : waiters.count
    guard !isClosed, wanted > 0 else { return }
    let settingUp = sessions.count { $0.state == .settingUp }
    guard now >= openTime else { return wake(at: openTime) }
    while opening + settingUp < wanted, sessions.count + opening < settings.sessions {
      opening += 1
      actions.append(.open)
    }
  }

  /// The session that was used last, so that in quiet times the oldest reach their time-out.
  private func usable(_ now: MonotonicInstant) -> Int? {
    var best: (index: Int, since: MonotonicInstant)?
    for (index, session) in sessions.enumerated() {
      guard case .idle(let since) = session.state, session.expiry > now else { continue }
      if let best, best.since > since { continue }
      best = (index, since)
    }
    return best?.index
  }

  /// Ends a lease. A session in doubt is closed, which makes the server roll back.
  private mutating func returned(_ lease: LeaseID, _ isClean: Bool, _ now: MonotonicInstant) {
    guard let index = index(ofLease: lease) else { return }
    let session = sessions[index]
    let isGood = !isClosed && !session.isLost && !session.isSpoilt && !session.isRetired
    if isGood, isClean, session.batch == nil, session.expiry > now {
      makeIdle(index, now)
    } else {
      sessions.remove(at: index)
      if !session.isLost { actions.append(.close(session.number)) }
    }
    serve(now)
  }

  private mutating func makeIdle(_ index: Int, _ now: MonotonicInstant) {
    sessions[index].state = .idle(since: now)
    wake(at: min(now + settings.idleTimeout, sessions[index].expiry))
  }

  // MARK: Sessions

  private mutating func opened(_ number: SessionNumber, _ expiry: MonotonicInstant, _ now: MonotonicInstant) {
    opening = max(0, opening - 1)
    isAway = false
    if isClosed { return actions.append(.close(number)) }
    sessions.append(LeaseSession(number, opened: now, expiry: expiry))
    actions.append(.setUp(number))
  }

  /// While the database is away one attempt follows the other, whether or not anybody asks, and who asks is told at once.
  private mutating func openFailed(_ isAway: Bool, _ now: MonotonicInstant) {
    opening = max(0, opening - 1)
    if isClosed { return }
    self.isAway = isAway && isWithoutServer
    if self.isAway {
      for waiter in waiters { actions.append(.refuse(waiter.id, .away)) }
      waiters.removeAll()
    }
    serve(now)
  }

  /// Ends sessions that are idle, and others at the end of their lease.
  private mutating func retire(where isDue: (LeaseSession) -> Bool) {
    for index in sessions.indices.reversed() where isDue(sessions[index]) {
      if case .idle = sessions[index].state {
        actions.append(.close(sessions.remove(at: index).number))
      } else {
        sessions[index].isRetired = true
      }
    }
  }

  private mutating func lost(_ number: SessionNumber, _ isServerEnding: Bool, _ now: MonotonicInstant) {
    guard let index = index(of: number) else { return }
    actions.removeAll { action in
      switch action {
      case .setUp(let other), .execute(let other, _), .endBatch(let other), .prepareAgain(let other),
        .cancel(let other, _), .close(let other):
        other == number
      default: false
      }
    }
    if isServerEnding { actions.append(.suspectServer) }
    switch sessions[index].state {
    case .leased:
      sessions[index].isLost = true
      if let batch = sessions[index].batch, !batch.isOver, let asked = batch.statements.last {
        // Its answer may have come before the end.
        let outcome: Outcome = batch.hasRows ? .rows : batch.hasFailed ? .failed : .lost
        actions.append(.tell(asked, outcome, number))
      }
      sessions[index].batch = nil
    case .settingUp:
      sessions.remove(at: index)
      openTime = now + Self.openPause
    case .idle: sessions.remove(at: index)
    }
    serve(now)
  }

  /// Leased sessions are closed at the end of their lease.
  private mutating func close() {
    isClosed = true
    for waiter in waiters { actions.append(.refuse(waiter.id, .closed)) }
    waiters.removeAll()
    retire { _ in true }
  }

  // MARK: Time

  /// One timer serves all: nearly everything ends long before its deadline.
  mutating func wake(at instant: MonotonicInstant) {
    if let wakeTime, wakeTime <= instant { return }
    wakeTime = instant
    actions.append(.wake(at: instant))
  }

  private mutating func timePassed(_ now: MonotonicInstant) {
    wakeTime = nil
    for waiter in waiters where waiter.deadline <= now {
      actions.append(.refuse(waiter.id, isAway && isWithoutServer ? .away : .noPlace))
    }
    waiters.removeAll { $0.deadline <= now }
    for index in sessions.indices.reversed() {
      if case .idle(let since) = sessions[index].state,
        since + settings.idleTimeout <= now || sessions[index].expiry <= now
      {
        actions.append(.close(sessions.remove(at: index).number))
      } else if let batch = sessions[index].batch, !batch.isOver, batch.deadline <= now {
        if let asked = batch.statements.last {
          actions.append(.tell(asked, .timedOut, sessions[index].number))
        }
        stop(index)
      }
    }
    serve(now)
    for waiter in waiters { wake(at: waiter.deadline) }
    for session in sessions {
      if let batch = session.batch, !batch.isOver { wake(at: batch.deadline) }
      if case .idle(let since) = session.state { wake(at: min(since + settings.idleTimeout, session.expiry)) }
    }
  }
}
