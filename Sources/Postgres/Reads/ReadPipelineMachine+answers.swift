internal import DequeModule
internal import Time

extension ReadPipelineMachine {
  mutating func answered(
    _ number: SessionNumber,
    _ id: StatementID,
    _ answer: Answer,
    _ now: MonotonicInstant
  ) {
    guard let index = index(of: number) else { return }
    if id == .setUp, answer != .rows { return giveUp(number, now) }
    guard let sent = takeFirst(id, index, now) else { return giveUp(number, now) }
    if id == .setUp {
      noteProgress(index, now)
      // What was sent behind it may not take as long as it.
      return watchProgress(now)
    }
    if answer == .rows {
      times.note(sent.kind, runTime(sent, index, now))
      // Whichever of two sendings it answers.
      if end(id) != nil { actions.append(.tell(id)) }
    } else {
      noteFailed(sent, answer, index, now)
    }
    if answer != .rows, isAwaited(sent, from: number) {
      if answer == .notRun || deservesAnotherTry(id, after: answer, index) {
        skipped.append(id)
      } else if end(id) != nil {
        actions.append(.tell(id))
      }
    }
    if answer == .cancelled { sessions[index].unspentCancels = max(0, sessions[index].unspentCancels - 1) }
    noteProgress(index, now)
  }

  /// One that was stopped, or failed, after a long time is of a slow kind too: its session has answered, so it is not
  /// frozen.
  private mutating func noteFailed(
    _ sent: ReadSession.Sent,
    _ answer: Answer,
    _ index: Int,
    _ now: MonotonicInstant
  ) {
    let time = runTime(sent, index, now)
    if answer != .notRun, time >= StatementTimes.slowLimit.wholeNanoseconds {
      times.noteRunning(sent.kind, time)
    }
  }

  /// Takes out what has been answered; nil if something else should have been.
  private mutating func takeFirst(_ id: StatementID, _ index: Int, _ now: MonotonicInstant)
    -> ReadSession.Sent?
  {
    guard sessions[index].inFlight.first?.id == id, let sent = sessions[index].removeFirst() else {
      return nil
    }
    if sessions[index].isAlone {
      latency.note(now.duration(since: sent.time).wholeNanoseconds, at: now)
    }
    sessions[index].cancelDue = nil
    return sent
  }

  private mutating func noteProgress(_ index: Int, _ now: MonotonicInstant) {
    sessions[index].lastProgress = now
    sessions[index].isAlone = false
  }

  private func runTime(_ sent: ReadSession.Sent, _ index: Int, _ now: MonotonicInstant) -> UInt64 {
    let start = max(sessions[index].lastProgress.nanoseconds, sent.time.nanoseconds &+ latency.value)
    return now.nanoseconds > start ? now.nanoseconds - start : 0
  }

  private mutating func deservesAnotherTry(_ id: StatementID, after answer: Answer, _ index: Int) -> Bool {
    switch answer {
    case .planChanged where self[id]?.wasPreparedAgain == false:
      change(id) { $0.wasPreparedAgain = true }
      // It may be sent again on any of them, and each would give it up in turn.
      for session in sessions { actions.append(.prepareAgain(session.number)) }
      return true
    case .cancelled where sessions[index].preempted == id:
      sessions[index].preempted = nil
      return true
    // As often as there were requests: an operator's is told to the caller.
    case .cancelled where sessions[index].unspentCancels > 0: return true
    default: return false
    }
  }

  mutating func drained(_ number: SessionNumber, _ now: MonotonicInstant) {
    sendSkippedAgain(now)
    guard let index = index(of: number) else { return }
    if sessions[index].inFlight.isEmpty {
      if !sessions[index].isCancelling { sessions[index].unspentCancels = 0 }
      closeIfDue(index, now)
    } else {
      considerCancelling(index, now)
    }
    if !waiting.isEmpty { planTurnEnd() }
  }

  mutating func cancelEnded(_ number: SessionNumber, _ now: MonotonicInstant) {
    guard let index = index(of: number) else { return }
    sessions[index].isCancelling = false
    if !waiting.isEmpty { planTurnEnd() }
  }

  /// Sends statements again, before what came after them. They are reads, so they may run twice.
  private mutating func sendSkippedAgain(_ now: MonotonicInstant) {
    guard !skipped.isEmpty else { return }
    let again = skipped
    skipped.removeAll()
    for id in again.reversed() { sendAgain(id, waitingUntil: now + settings.leaseTimeout, now) }
  }

  mutating func sendAgain(_ id: StatementID, waitingUntil end: MonotonicInstant, _ now: MonotonicInstant) {
    guard let job = self[id] else { return }
    change(id) { job in
      job.session = nil
      job.waitDeadline = end
    }
    waiting.prepend(id)
    planTurnEnd()
    noteDeadline(min(job.deadline, end))
  }

  // MARK: Losses

  mutating func lost(_ number: SessionNumber, _ loss: Loss, _ now: MonotonicInstant) {
    guard let index = index(of: number) else { return }
    let session = sessions.remove(at: index)
    removeActions(of: number)
    if loss == .ended { actions.append(.suspectServer) }
    if session.inFlight.first?.id == .setUp { openTime = now + Self.openPause }
    for sent in session.inFlight where isAwaited(sent, from: number) {
      if mayGoOn(sent.id, afterLossOf: session, loss, now) {
        skipped.append(sent.id)
      } else if end(sent.id) != nil {
        actions.append(.refuse(sent.id, .lost))
      }
    }
    sendSkippedAgain(now)
    // Who waits is served by the next session, however this one ended.
    if !waiting.isEmpty { planTurnEnd() }
  }

  /// A read that is lost with its session is sent again. Sessions as old as the one first lost may be as dead, only
  /// unnoticed, so they do not count; of those opened since, it may lose one, or two that an operator ended: a statement
  /// that makes its backend crash must not be retried for ever.
  private mutating func mayGoOn(
    _ id: StatementID,
    afterLossOf session: ReadSession,
    _ loss: Loss,
    _ now: MonotonicInstant
  ) -> Bool {
    guard let firstLoss = self[id]?.firstLoss else {
      change(id) { $0.firstLoss = now }
      return true
    }
    guard session.opened > firstLoss else { return true }
    change(id) { $0.laterLosses += 1 }
    return self[id]?.laterLosses ?? .max < (loss == .ended ? 3 : 2)
  }

  /// Ends a session that answers what it was not asked.
  private mutating func giveUp(_ number: SessionNumber, _ now: MonotonicInstant) {
    lost(number, .broken, now)
    actions.append(.close(number))
  }

  private mutating func removeActions(of number: SessionNumber) {
    actions.removeAll { action in
      switch action {
      case .setUp(let other), .execute(let other, _, _), .endBatch(let other), .prepareAgain(let other),
        .cancel(let other, _), .close(let other):
        other == number
      case .planTurnEnd, .open, .tell, .refuse, .suspectServer, .wake: false
      }
    }
  }
}
