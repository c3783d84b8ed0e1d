internal import DequeModule
internal import Time

extension ReadPipelineMachine {
  mutating func opened(_ number: SessionNumber, _ expiry: MonotonicInstant, _ now: MonotonicInstant) {
    opening = max(0, opening - 1)
    isAway = false
    if isClosed { return actions.append(.close(number)) }
    var session = ReadSession(number, opened: now, expiry: expiry)
    session.append(
      ReadSession.Sent(
        id: .setUp,
        kind: StatementKind(number: 0),
        time: now,
        pace: .quick,
        startsGroup: true
      )
    )
    sessions.append(session)
    actions.append(.setUp(number))
    if !waiting.isEmpty { planTurnEnd() }
  }

  /// While the database is away one attempt follows the other, whether or not anybody asks, and who asks is told at once.
  mutating func openFailed(_ isAway: Bool, _ now: MonotonicInstant) {
    opening = max(0, opening - 1)
    if isClosed { return }
    self.isAway = isAway && sessions.isEmpty
    if self.isAway {
      for id in waiting { refuse(id, .away) }
      waiting.removeAll()
    }
    if !waiting.isEmpty || self.isAway { openOne(now) }
  }

  /// Ends sessions once they have answered what was sent on them; nothing more is.
  mutating func retire(_ now: MonotonicInstant, where isDue: (ReadSession) -> Bool) {
    for index in sessions.indices where isDue(sessions[index]) { sessions[index].isRetired = true }
    for index in sessions.indices.reversed() where sessions[index].inFlight.isEmpty { closeIfDue(index, now) }
  }

  /// Closes a session with nothing in flight that is past its time.
  mutating func closeIfDue(_ index: Int, _ now: MonotonicInstant) {
    let session = sessions[index]
    guard !session.isCancelling, session.isRetired || session.expiry <= now || isSuperfluous(index, now)
    else {
      return
    }
    sessions.remove(at: index)
    actions.append(.close(session.number))
  }

  mutating func close() {
    isClosed = true
    for slot in jobs.indices where jobs[slot].isLive {
      jobs[slot].isLive = false
      actions.append(
        .refuse(
          StatementID(UInt32(truncatingIfNeeded: slot), generation: jobs[slot].generation),
          .closed
        )
      )
    }
    for session in sessions { actions.append(.close(session.number)) }
    sessions.removeAll()
    waiting.removeAll()
  }
}
