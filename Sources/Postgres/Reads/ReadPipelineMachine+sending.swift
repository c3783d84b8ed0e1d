internal import DequeModule
internal import Time

extension ReadPipelineMachine {
  /// Gives each statement that waits a session, if one may have it now, and sends what each session has got as one batch.
  mutating func place(_ now: MonotonicInstant) {
    if sessions.indices.contains(where: { sessions[$0].expiry <= now }) { retire(now) { $0.expiry <= now } }
    var left = Deque<StatementID>()
    var quickPlace: Int?
    var wantsSession = false
    while let id = waiting.popFirst() {
      guard let job = self[id] else { continue }
      let pace = placingPace(of: job)
      var place = pace == .quick ? quickPlace : nil
      if let known = place, sessions[known].load >= settings.maximumInFlight { place = nil }
      guard let index = place ?? findPlace(pace, now) else {
        left.append(id)
        wantsSession = true
        continue
      }
      if pace == .quick { quickPlace = index }
      if !sessions[index].inFlight.isEmpty { wantsSession = true }
      sessions[index].addToBatch(id, pace)
    }
    if !left.isEmpty { waiting = left }
    for index in sessions.indices where !sessions[index].batch.isEmpty { sendBatch(index, now) }
    // One that is free of slow ones comes in time.
    if wantsSession || sessions.indices.allSatisfy({ isRisky($0, now) }) { openOne(now) }
    if !waiting.isEmpty { makeRoom(now) }
    watchProgress(now)
  }

  /// One that was held up by another is taken for what its kind is, but for a quick one if nothing is known.
  private func placingPace(of job: Job) -> StatementTimes.Pace {
    let pace = times.pace(of: job.kind)
    return job.isAlone && pace == .unproven ? .quick : pace
  }

  private func sendingPace(of job: Job) -> StatementTimes.Pace {
    let pace = times.pace(of: job.kind)
    return job.isAlone && pace == .quick ? .unproven : pace
  }

  /// Where to send a statement; nil when it is better to wait until a session answers or is opened. Slow ones leave one
  /// session free of them.
  private func findPlace(_ pace: StatementTimes.Pace, _ now: MonotonicInstant) -> Int? {
    var best: Int?
    var bestRank = Int.max
    var held = 0
    var active = 0
    for index in sessions.indices {
      if isHeld(index, now) { held += 1 }
      if !sessions[index].isRetired { active += 1 }
      guard isUsable(index, now) else { continue }
      let load = sessions[index].load
      let isRisk = isRisky(index, now)
      let rank =
        switch pace {
        case .quick, .unproven: load * 2 + (isRisk ? 1 : 0)
        case .slow: load == 0 ? 0 : Int.max
        }
      if rank < bestRank {
        best = index
        bestRank = rank
      }
    }
    return pace == .slow && held >= max(1, max(settings.sessions, active) - 1) ? nil : best
  }

  /// Whether a statement may be sent on it now.
  private func isUsable(_ index: Int, _ now: MonotonicInstant) -> Bool {
    !sessions[index].isRetired && sessions[index].load < settings.maximumInFlight && !isHeld(index, now)
  }

  /// Whether what is sent on it has to wait.
  func isHeld(_ index: Int, _ now: MonotonicInstant) -> Bool {
    sessions[index].isCancelling || sessions[index].slow > 0 || isStuck(index, now)
  }

  /// Whether what is sent on it may have to wait.
  private func isRisky(_ index: Int, _ now: MonotonicInstant) -> Bool {
    sessions[index].unproven > 0 || isHeld(index, now)
  }

  /// Whether it has not answered for too long.
  func isStuck(_ index: Int, _ now: MonotonicInstant) -> Bool {
    guard let first = sessions[index].inFlight.first else { return false }
    let limit = first.id == .setUp ? Self.setUpPatience : Self.patience
    return sessions[index].running(latency.value, at: now) >= limit.wholeNanoseconds + latency.value
  }

  private mutating func sendBatch(_ index: Int, _ now: MonotonicInstant) {
    let number = sessions[index].number
    var before: (kind: StatementKind, isAlone: Bool)?
    for id in grouped(sessions[index].takeBatch()) {
      guard let job = self[id] else { continue }
      let pace = sendingPace(of: job)
      let isAlone = pace != .quick
      let isAfterFlush = before.map { isAlone || $0.isAlone || $0.kind != job.kind } ?? false
      let startsGroup = isAfterFlush || before == nil
      sessions[index].append(
        ReadSession.Sent(id: id, kind: job.kind, time: now, pace: pace, startsGroup: startsGroup)
      )
      jobs[Int(id.slot)].session = number
      actions.append(.execute(number, id, isAfterFlush: isAfterFlush))
      before = (job.kind, isAlone)
    }
    if before != nil { actions.append(.endBatch(number)) }
  }

  /// Quick ones first, those of one kind together, in the order in which they were asked for: each change of kind costs a
  /// system call here and at the server.
  private func grouped(_ batch: [StatementID]) -> [StatementID] {
    guard batch.count > 1, let first = self[batch[0]] else { return batch }
    if batch.allSatisfy({ id in self[id].map { $0.kind == first.kind && !$0.isAlone } ?? false }) {
      return batch
    }
    let keys = batch.map { id -> (id: StatementID, isQuick: Bool, kind: Int, serial: UInt64) in
      let job = self[id] ?? Job()
      return (id, sendingPace(of: job) == .quick, job.kind.number, job.serial)
    }
    return keys.sorted { left, right in
      if left.isQuick != right.isQuick { return left.isQuick }
      return (left.kind, left.serial) < (right.kind, right.serial)
    }.map(\.id)
  }

  /// Has one of several slow statements stopped, to be sent again, when they hold every session there may be and others
  /// wait. More of their kinds do not get that far again: one session is kept from what is known to be slow.
  private mutating func makeRoom(_ now: MonotonicInstant) {
    let active = sessions.indices.filter { !sessions[$0].isRetired }
    guard opening == 0, active.count >= max(2, settings.sessions),
      active.allSatisfy({ isHeld($0, now) && !sessions[$0].isCancelling }),
      waiting.contains(where: { id in self[id].map { times.pace(of: $0.kind) != .slow } ?? false })
    else { return }
    let candidates = active.filter { index in
      guard sessions[index].knowsWhatRuns, let first = sessions[index].inFlight.first,
        // One that did not stop when it was told to makes no room.
        sessions[index].preempted == nil
      else { return false }
      return isStuck(index, now) && isAwaited(first, from: sessions[index].number)
    }
    // The youngest, which loses least.
    guard let index = candidates.max(by: { sessions[$0].started < sessions[$1].started }),
      let first = sessions[index].inFlight.first
    else { return }
    sessions[index].preempted = first.id
    cancel(index, first.id, now)
  }

  /// Asks to be told of time when somebody would wait behind a session that does not answer.
  mutating func watchProgress(_ now: MonotonicInstant) {
    let latency = Duration.nanoseconds(Int64(clamping: latency.value))
    for index in sessions.indices where sessions[index].inFlight.count > 1 || !waiting.isEmpty {
      guard let first = sessions[index].inFlight.first, !isStuck(index, now) else { continue }
      let limit = first.id == .setUp ? Self.setUpPatience : Self.patience
      wake(at: max(sessions[index].lastProgress, first.time + latency) + limit + latency)
    }
    guard !waiting.isEmpty, opening == 0 else { return }
    for index in sessions.indices {
      if let doubt = doubtTime(index), doubt > now { wake(at: doubt) }
    }
  }
}
