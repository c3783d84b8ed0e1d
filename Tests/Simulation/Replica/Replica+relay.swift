internal import Events
internal import Time

/// What an executor does for the relay's machine.
extension Replica {
  func tell(_ event: RelayMachine.Event) {
    if world.plant == .lostWakeUp, event == .woken, !claims.isEmpty { return }
    note("relay <- \(event)")
    var action = relay.on(event, at: world.now)
    while let each = action, world.violation == nil {
      note("relay -> \(each)")
      perform(each)
      action = relay.next(at: world.now)
    }
  }

  private func perform(_ action: RelayMachine.Action) {
    switch action {
    case .claim(let round, let limit, let prefersUntried, let deadline):
      claims[round] = Claim(token: Int64(truncatingIfNeeded: world.random.next() >> 2), holder: holder(round))
      claim(round, limit, prefersUntried, deadline)
    case .publish(let row, let round, let limit, let deadline): publish(row, round, limit, deadline)
    case .askLimit(let row, let round, let deadline):
      world.call(from: self, to: .broker, before: deadline) { [world] answer in
        answer(world.limits[row])
      } then: { [self] (reply: World.Reply<Int?>) in
        if case .answer(let limit) = reply {
          tell(.limitTold(row: row, round: round, limit: limit))
        } else {
          tell(.limitNotTold(row: row, round: round))
        }
      }
    case .settle(let round, let settlement, let deadline): settle(round, settlement, deadline)
    case .prune(let deadline): prune(deadline)
    case .sleep(let instant):
      sleep(.relay, until: instant) { [weak self] in self?.tell(RelayMachine.Event.timer) }
    case .stopped: hasStopped(.relay)
    }
  }

  // MARK: The database

  private func claim(_ round: Int, _ limit: Int, _ prefersUntried: Bool, _ deadline: MonotonicInstant) {
    guard let claim = claims[round] else { return }
    transaction(before: deadline) { [world] session, _ in
      world.database.claim(
        limit: limit,
        claim: claim.token,
        for: Self.relaySettings.claimDuration,
        prefersUntried: prefersUntried,
        in: session
      )
    } committed: { [world] rows, _ in
      for row in rows { world.observe(.claimed(row: row.id, by: claim.holder)) }
    } then: { [self] ended in
      guard case .committed(var rows) = ended else {
        claims[round] = nil
        return tell(.notClaimed(round: round))
      }
      if rows.isEmpty { claims[round] = nil }
      if world.plant == .misdirectedSent {
        rows = rows.map { RelayMachine.Row(id: $0.id, attempts: $0.attempts) }
      }
      tell(.claimed(round: round, rows))
    }
  }

  private func settle(_ round: Int, _ settlement: RelayMachine.Settlement, _ deadline: MonotonicInstant) {
    guard let claim = claims[round] else { return tell(.notSettled(round: round)) }
    transaction(before: deadline) { [world] session, _ in
      world.database.settle(settlement, claim: claim.token, in: session)
    } committed: { [world] _, rows in
      for (number, changed) in rows.sorted(by: { $0.key < $1.key }) {
        guard let row = changed else { continue }
        world.observe(
          .settled(
            row: number,
            by: claim.holder,
            isPublished: row.publishedAt != nil,
            isSetAside: row.setAsideAt != nil
          )
        )
      }
    } then: { [self] ended in
      if case .committed = ended { tell(.settled(round: round)) } else { tell(.notSettled(round: round)) }
      if !relay.isInProgress(round) { claims[round] = nil }
    }
  }

  private func prune(_ deadline: MonotonicInstant) {
    let settings = Self.relaySettings
    transaction(before: deadline) { [world] session, _ in
      world.database.prune(olderThan: settings.retention, limit: settings.pruneBatchSize, in: session)
    } committed: { _, _ in
    } then: { [self] ended in
      if case .committed(let count) = ended { tell(.pruned(count: count)) } else { tell(.notPruned) }
    }
  }

  // MARK: The broker

  private func publish(_ row: Int64, _ round: Int, _ limit: Int?, _ deadline: MonotonicInstant) {
    claims[round]?.publishing += 1
    if world.plant == .settleBeforePublish { ended(row, round, .answer(nil)) }
    let isLate = world.plant == .lateSend && world.random.chance(20)
    let delay = isLate ? world.random.duration(.zero, .seconds(60)) : .zero
    world.call(from: self, to: .broker, before: deadline, extraDelay: delay) { [world] answer in
      if let most = world.limits[row], limit.map({ $0 > most }) ?? true || most == 0 {
        if most == 0 { world.observe(.refused(row: row)) }
        return answer(.refused)
      }
      let message = OutgoingMessage(body: Array("\(row)".utf8))
      guard (try? world.broker.publish(message, to: World.topic, at: world.now)) != nil else { return }
      world.observe(.accepted(row: row))
      world.servePolls()
      answer(nil)
    } then: { [self] (reply: World.Reply<BrokerError.Kind?>) in
      if world.plant != .settleBeforePublish { ended(row, round, reply) }
    }
  }

  private func ended(_ row: Int64, _ round: Int, _ reply: World.Reply<BrokerError.Kind?>) {
    claims[round]?.publishing -= 1
    switch reply {
    case .answer(nil): tell(.published(row: row, round: round))
    case .answer(let kind?): tell(.failed(row: row, round: round, kind, size: 2000))
    case .silence, .refused:
      if world.plant == .swallowedFailure { return tell(.published(row: row, round: round)) }
      tell(.failed(row: row, round: round, .unavailable, size: 2000))
    }
  }
}
