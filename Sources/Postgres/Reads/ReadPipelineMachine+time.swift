internal import DequeModule
internal import Time

extension ReadPipelineMachine {
  // MARK: Being told of time

  /// One timer serves all: nearly everything is answered long before it matters.
  mutating func wake(at instant: MonotonicInstant) {
    if let wakeTime, wakeTime <= instant { return }
    wakeTime = instant
    actions.append(.wake(at: instant))
  }

  mutating func noteDeadline(_ deadline: MonotonicInstant) {
    if let nextDeadline, nextDeadline <= deadline { return }
    nextDeadline = deadline
    wake(at: deadline)
  }

  mutating func timePassed(_ now: MonotonicInstant) {
    wakeTime = nil
    if let nextDeadline, nextDeadline <= now { endOverdue(now) }
    for index in sessions.indices {
      leaveStuck(index, now)
      cancelIfDue(index, now)
    }
    if !waiting.isEmpty { place(now) }
    if isAway { openOne(now) }
    watchProgress(now)
    if let nextDeadline { wake(at: nextDeadline) }
  }

  // MARK: Deadlines

  private mutating func endOverdue(_ now: MonotonicInstant) {
    nextDeadline = nil
    var next: MonotonicInstant?
    func consider(_ deadline: MonotonicInstant) { next = min(next ?? deadline, deadline) }
    for id in waiting {
      guard let job = self[id] else { continue }
      let end = min(job.deadline, job.waitDeadline)
      if end > now {
        consider(end)
      } else {
        refuse(id, job.isAlone && job.deadline <= now ? .timedOut : .noPlace)
      }
    }
    forgetEnded()
    for id in skipped {
      guard let job = self[id] else { continue }
      if job.deadline > now { consider(job.deadline) } else { refuse(id, .timedOut) }
    }
    for index in sessions.indices {
      var hasEnded = false
      for sent in sessions[index].inFlight where isAwaited(sent, from: sessions[index].number) {
        guard let job = self[sent.id] else { continue }
        if job.deadline > now {
          consider(job.deadline)
        } else {
          refuse(sent.id, .timedOut)
          hasEnded = true
        }
      }
      if hasEnded { considerCancelling(index, now) }
    }
    if let next { noteDeadline(next) }
  }

  mutating func refuse(_ id: StatementID, _ refusal: Refusal) {
    if end(id) != nil { actions.append(.refuse(id, refusal)) }
  }

  // MARK: Slow statements

  /// Sends elsewhere what waits behind a statement that takes long. Where several share a group, the answers of those
  /// before the slow one may be held back with it, and nobody can say which it is: then all of the group are sent again,
  /// each a group of its own.
  private mutating func leaveStuck(_ index: Int, _ now: MonotonicInstant) {
    guard isStuck(index, now), !sessions[index].isCancelling, let first = sessions[index].inFlight.first
    else { return }
    var stays = 0
    if sessions[index].knowsWhatRuns {
      stays = 1
      if first.id != .setUp, isHeldByAnother(like: first, besides: index, now) {
        times.noteRunning(first.kind, sessions[index].running(latency.value, at: now))
      }
    }
    leave(index, from: stays, now)
    considerCancelling(index, now)
  }

  /// Whether a second session is held by another statement of this one's kind. One statement shows nothing of its kind, even
  /// where it was sent on two sessions: it may be slow, or the first session frozen. Then others of the kind must not be
  /// kept waiting for it.
  private func isHeldByAnother(
    like statement: ReadSession.Sent,
    besides index: Int,
    _ now: MonotonicInstant
  ) -> Bool {
    sessions.indices.contains { other in
      guard other != index, isStuck(other, now), sessions[other].knowsWhatRuns,
        let first = sessions[other].inFlight.first
      else { return false }
      return first.id != .setUp && first.id != statement.id && first.kind == statement.kind
    }
  }

  /// Has the statements of a session from this position on sent on another. The answers here count all the same, should
  /// they come first.
  private mutating func leave(_ index: Int, from position: Int, _ now: MonotonicInstant) {
    let session = sessions[index]
    for sent in session.inFlight.dropFirst(position).reversed() where isAwaited(sent, from: session.number) {
      guard let job = self[sent.id] else { continue }
      change(sent.id) { $0.isAlone = true }
      sendAgain(sent.id, waitingUntil: job.deadline, now)
    }
  }

  /// Plans to have the server stop what it runs, if nobody waits for it any more.
  mutating func considerCancelling(_ index: Int, _ now: MonotonicInstant) {
    guard isUnwanted(sessions[index]) else {
      sessions[index].cancelDue = nil
      return
    }
    if sessions[index].isCancelling || sessions[index].cancelDue != nil { return }
    // It has been told already, and the request may have come before the statement.
    let delay = sessions[index].unspentCancels > 0 ? Self.repeatedCancelDelay : Self.cancelDelay
    sessions[index].cancelDue = now + delay
    wake(at: now + delay)
  }

  /// Whether whatever runs on it, as far as can be told from here, is awaited by nobody.
  private func isUnwanted(_ session: ReadSession) -> Bool {
    guard let first = session.inFlight.first, first.id != .setUp else { return false }
    var isFirst = true
    for sent in session.inFlight {
      if sent.startsGroup, !isFirst { break }
      if isAwaited(sent, from: session.number) { return false }
      isFirst = false
    }
    return true
  }

  private mutating func cancelIfDue(_ index: Int, _ now: MonotonicInstant) {
    guard let due = sessions[index].cancelDue else { return }
    guard due <= now else { return wake(at: due) }
    sessions[index].cancelDue = nil
    guard isUnwanted(sessions[index]), let first = sessions[index].inFlight.first else { return }
    cancel(index, first.id, now)
  }

  /// A request to stop hits whatever runs when it arrives, so nothing that is awaited is left here but what it is for.
  mutating func cancel(_ index: Int, _ id: StatementID, _ now: MonotonicInstant) {
    leave(index, from: sessions[index].preempted == id ? 1 : 0, now)
    sessions[index].isCancelling = true
    sessions[index].unspentCancels += 1
    actions.append(.cancel(sessions[index].number, id))
  }
}
