internal import Time

extension LeaseMachine {
  /// Why no further statement can be run on the lease; nil if one can.
  package func obstacle(_ lease: LeaseID) -> Obstacle? {
    guard let index = index(ofLease: lease) else { return .hasEnded }
    if sessions[index].isLost { return .isLost }
    if let batch = sessions[index].batch, !batch.isOver { return .isBusy }
    return sessions[index].isSpoilt ? .isSpoilt : nil
  }

  mutating func run(
    _ lease: LeaseID,
    _ statements: [StatementID],
    _ isScript: Bool,
    _ deadline: MonotonicInstant
  ) {
    guard let asked = statements.last else { return }
    if let obstacle = obstacle(lease) { return actions.append(.tell(asked, .refused(obstacle), nil)) }
    guard let index = index(ofLease: lease) else { return }
    let number = sessions[index].number
    sessions[index].batch = LeaseSession.Batch(statements: statements, deadline: deadline)
    for id in statements { actions.append(.execute(number, id)) }
    // The simple protocol has batches of its own.
    if !isScript { actions.append(.endBatch(number)) }
    wake(at: deadline)
  }

  /// Has the server stop what runs, of which nobody waits for the answer. The session may hold half of a transaction, and
  /// is not used again.
  mutating func stop(_ index: Int) {
    guard let batch = sessions[index].batch, !batch.isOver else { return }
    sessions[index].batch?.isOver = true
    sessions[index].isSpoilt = true
    if let running = batch.running { actions.append(.cancel(sessions[index].number, running)) }
  }

  mutating func answered(_ number: SessionNumber, _ id: StatementID, _ answer: Answer) {
    guard let index = index(of: number) else { return }
    if id == .setUp {
      if answer != .rows { sessions[index].isRetired = true }
      return
    }
    noteAnswer(index, id, answer)
    noteTrouble(index, answer)
  }

  private mutating func noteAnswer(_ index: Int, _ id: StatementID, _ answer: Answer) {
    guard let batch = sessions[index].batch, let position = batch.statements.firstIndex(of: id) else {
      return
    }
    sessions[index].batch?.answered = position + 1
    if batch.hasFailed { return }
    switch answer {
    case .rows where id == batch.statements.last:
      sessions[index].batch?.hasRows = true
      actions.append(.keep(sessions[index].number))
    case .rows, .notRun: break
    case .readOnly, .planChanged, .failed:
      sessions[index].batch?.hasFailed = true
      actions.append(.keep(sessions[index].number))
    }
  }

  /// A demoted server goes on answering reads, so a session that may only read is not kept, and all others with that server
  /// are as suspect: whoever runs the transaction again must not get one of them. What made the server give up one plan,
  /// such as a changed table, will make it give up others.
  private mutating func noteTrouble(_ index: Int, _ answer: Answer) {
    switch answer {
    case .readOnly:
      sessions[index].isSpoilt = true
      let suspects = sessions.indices.reversed().filter { other in
        if case .idle = sessions[other].state { true } else { false }
      }
      for other in suspects { actions.append(.close(sessions.remove(at: other).number)) }
      actions.append(.suspectServer)
    case .planChanged: for session in sessions { actions.append(.prepareAgain(session.number)) }
    case .rows, .failed, .notRun: break
    }
  }

  /// Only now is the state of the session's transaction known, so only now may the caller go on.
  mutating func synchronised(_ number: SessionNumber, _ now: MonotonicInstant) {
    guard let index = index(of: number) else { return }
    if sessions[index].state == .settingUp {
      if sessions[index].isRetired {
        sessions.remove(at: index)
        actions.append(.close(number))
        openTime = now + Self.openPause
      } else {
        sessions[index].state = .idle(since: now)
        wake(at: min(now + settings.idleTimeout, sessions[index].expiry))
      }
      return serve(now)
    }
    guard let batch = sessions[index].batch, let asked = batch.statements.last else { return }
    sessions[index].batch = nil
    if batch.isOver { return }
    actions.append(.tell(asked, batch.hasFailed ? .failed : batch.hasRows ? .rows : .skipped, number))
  }
}
