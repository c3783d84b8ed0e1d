internal import DequeModule
package import Time

/// Which session a read is sent on, when, in what company, when it is sent again, and what the server is told to stop. It
/// knows statements and sessions by their numbers; `ReadPipeline` carries out what it decides.
///
/// Many statements share a few sessions, and a session answers in order. So that a slow one costs its own caller alone:
/// the server is asked for the answers of each group of alike, quick statements before it runs what follows; behind
/// what is known to be slow nothing is sent; one session stays free of them; and when a session has not answered for
/// some time, what waits behind is sent on another. A read may run twice, so whichever answer comes first counts.
package struct ReadPipelineMachine: Sendable, Equatable {
  struct Job: Sendable, Equatable {
    var generation: UInt32 = 0
    var isLive = false
    var kind = StatementKind(number: 0)
    var serial: UInt64 = 0
    var deadline = MonotonicInstant(nanoseconds: 0)
    /// When it has waited for a place for too long.
    var waitDeadline = MonotonicInstant(nanoseconds: 0)
    /// Where its answer is awaited; none while it waits for a place.
    var session: SessionNumber?
    /// Whether it has been held up by, or has held up, others: it is a group of its own.
    var isAlone = false
    // What has happened to it so far; each cure has its limit.
    var firstLoss: MonotonicInstant?
    var laterLosses = 0
    var wasPreparedAgain = false
  }

  /// A session that has not answered for so long, the way there and back besides, has something slow.
  static let patience = Duration.milliseconds(25)
  /// A session that has not answered for so long, though what it runs is not known to be slow, may be frozen.
  static let doubtPatience = Duration.milliseconds(250)
  /// How long a statement that nobody waits for any more may go on before the server is told to stop it: most end by
  /// themselves sooner than a cancel request takes.
  static let cancelDelay = Duration.milliseconds(20)
  /// How long it may go on after that, before the server is told again.
  static let repeatedCancelDelay = Duration.milliseconds(500)
  /// How long a session's first statement may take; then it counts as any other.
  static let setUpPatience = Duration.seconds(1)

  /// How long to wait before another session is opened when one was lost before it could be used.
  static let openPause = Duration.milliseconds(100)

  private(set) var settings: Settings
  /// By the statements' slots.
  var jobs: [Job] = []
  var sessions: [ReadSession] = []
  var waiting = Deque<StatementID>()
  var times = StatementTimes()
  var latency = LatencyFloor()
  /// Statements to be sent again, in order, once the session that told of them has told all.
  var skipped: [StatementID] = []
  var opening = 0
  /// Before it no session is opened.
  var openTime = MonotonicInstant(nanoseconds: 0)
  var isAway = false
  var isClosed = false
  var isTurnEndPlanned = false
  /// When `timePassed` was last asked for.
  var wakeTime: MonotonicInstant?
  /// The earliest deadline there may be.
  var nextDeadline: MonotonicInstant?
  var lastSerial: UInt64 = 0
  var actions = Deque<Action>()

  /// With no session.
  package init(_ settings: Settings) {
    self.settings = settings
    self.settings.sessions = max(1, settings.sessions)
  }

  /// - Returns: the first thing to do, if there is any; ``next(at:)`` has the others.
  package mutating func on(_ event: Event, at now: MonotonicInstant) -> Action? {
    switch event {
    case .submitted(let id, let kind, let deadline): submitted(id, kind, deadline, now)
    case .abandoned(let id): abandoned(id, now)
    case .turnEnded:
      isTurnEndPlanned = false
      if !waiting.isEmpty { place(now) }
    case .answered(let number, let id, let answer): answered(number, id, answer, now)
    case .drained(let number): drained(number, now)
    case .cancelEnded(let number): cancelEnded(number, now)
    case .lost(let number, let loss): lost(number, loss, now)
    case .opened(let number, let expiry): opened(number, expiry, now)
    case .openFailed(let isAway): openFailed(isAway, now)
    case .identified(let number, let server):
      if let index = index(of: number) { sessions[index].server = server }
    case .serverIs(let server):
      retire(now) { $0.server != nil && $0.server != server }
      if !waiting.isEmpty { planTurnEnd() }
    case .serverSuspected(let instant):
      retire(now) { $0.opened < instant }
      if !waiting.isEmpty { planTurnEnd() }
    case .timePassed: timePassed(now)
    case .close: close()
    }
    return actions.popFirst()
  }

  /// What else to do; nil once there is nothing.
  package mutating func next(at _: MonotonicInstant) -> Action? { actions.popFirst() }

  // MARK: Callers

  private mutating func submitted(
    _ id: StatementID,
    _ kind: StatementKind,
    _ deadline: MonotonicInstant,
    _ now: MonotonicInstant
  ) {
    if isClosed { return actions.append(.refuse(id, .closed)) }
    if isAway, sessions.isEmpty { return actions.append(.refuse(id, .away)) }
    if waiting.count >= settings.maximumWaiting {
      forgetEnded()
      if waiting.count >= settings.maximumWaiting { return actions.append(.refuse(id, .tooManyWait)) }
    }
    let slot = Int(id.slot)
    if slot >= jobs.count { jobs.append(contentsOf: repeatElement(Job(), count: slot + 1 - jobs.count)) }
    lastSerial += 1
    var job = Job(generation: id.generation, isLive: true, kind: kind, serial: lastSerial, deadline: deadline)
    job.waitDeadline = now + settings.leaseTimeout
    jobs[slot] = job
    waiting.append(id)
    planTurnEnd()
    noteDeadline(min(deadline, job.waitDeadline))
  }

  private mutating func abandoned(_ id: StatementID, _ now: MonotonicInstant) {
    guard let job = end(id), let number = job.session, let index = index(of: number) else { return }
    considerCancelling(index, now)
  }

  // MARK: What all parts use

  /// The job, unless it has ended.
  subscript(id: StatementID) -> Job? {
    let slot = Int(id.slot)
    guard slot < jobs.count, jobs[slot].isLive, jobs[slot].generation == id.generation else { return nil }
    return jobs[slot]
  }

  /// Ends a job: what is told of it later is told to nobody.
  mutating func end(_ id: StatementID) -> Job? {
    guard let job = self[id] else { return nil }
    jobs[Int(id.slot)].isLive = false
    return job
  }

  mutating func change(_ id: StatementID, _ change: (inout Job) -> Void) {
    if self[id] != nil { change(&jobs[Int(id.slot)]) }
  }

  func index(of number: SessionNumber) -> Int? { sessions.firstIndex { $0.number == number } }

  /// Whether the answer to `sent` is awaited from this session.
  func isAwaited(_ sent: ReadSession.Sent, from number: SessionNumber) -> Bool {
    self[sent.id]?.session == number
  }

  /// Takes those that have ended out of those that wait.
  mutating func forgetEnded() { waiting = Deque(waiting.filter { self[$0] != nil }) }

  mutating func planTurnEnd() {
    if isTurnEndPlanned { return }
    isTurnEndPlanned = true
    actions.append(.planTurnEnd)
  }

  mutating func openOne(_ now: MonotonicInstant) {
    guard !isClosed, opening == 0 else { return }
    let active = sessions.indices.count { !sessions[$0].isRetired }
    guard active < settings.sessions || mayExceed(active, now) else { return }
    guard now >= openTime else { return wake(at: openTime) }
    opening += 1
    actions.append(.open)
  }

  /// A second session beside an only one, while that is held by a slow statement, and one beside any number while one of
  /// them may be frozen: whoever needs a session to itself would wait for that.
  private func mayExceed(_ active: Int, _ now: MonotonicInstant) -> Bool {
    if settings.sessions == 1, active == 1 { return sessions.indices.allSatisfy { isHeld($0, now) } }
    return active == max(2, settings.sessions)
      && sessions.indices.contains { doubtTime($0).map { $0 <= now } ?? false }
  }

  /// When a session counts as perhaps frozen, because what it runs is of a kind that is not known to be slow; nil for
  /// never.
  func doubtTime(_ index: Int) -> MonotonicInstant? {
    guard let first = sessions[index].inFlight.first, first.id != .setUp, times.pace(of: first.kind) != .slow
    else { return nil }
    let latency = Duration.nanoseconds(Int64(clamping: latency.value))
    return max(sessions[index].lastProgress, first.time + latency) + Self.doubtPatience
  }

  /// Whether a session that has nothing to do is one more than there should be.
  func isSuperfluous(_ index: Int, _ now: MonotonicInstant) -> Bool {
    sessions.indices.count { !sessions[$0].isRetired } > settings.sessions
      && !sessions.indices.contains { $0 != index && !sessions[$0].isRetired && isHeld($0, now) }
  }
}
