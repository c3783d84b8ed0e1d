internal import Time

/// How rounds begin, go on and end.
extension RelayMachine {
  /// Whether something more will be done in a round.
  package func isInProgress(_ round: Int) -> Bool { rounds.contains { $0.number == round } }

  // MARK: Events

  /// Has a round take notice of something; one that it cannot be gives the round up.
  mutating func change(_ number: Int, _ event: (inout RelayRound) -> Bool) {
    guard let index = rounds.firstIndex(where: { $0.number == number }) else { return }
    if !event(&rounds[index]) { rounds.remove(at: index) }
  }

  mutating func claimed(_ number: Int, _ rows: [Row], at now: MonotonicInstant) {
    databaseWorked()
    nextPruning = nextPruning ?? now
    change(number) { $0.claimed(rows, at: now) }
    guard let index = rounds.firstIndex(where: { $0.number == number }) else { return }
    if rows.isEmpty {
      rounds.remove(at: index)
      nextLook = now + settings.pollInterval
    } else if rows.count >= rounds[index].limit {
      isDue = true
    }
  }

  mutating func notClaimed(_ number: Int, at now: MonotonicInstant) {
    rounds.removeAll { $0.number == number }
    databaseFailed(at: now)
  }

  mutating func settled(_ number: Int, at now: MonotonicInstant) {
    guard let index = rounds.firstIndex(where: { $0.number == number }) else { return }
    let round = rounds.remove(at: index)
    guard case .settling(let settlement) = round.stage else { return }
    databaseWorked()
    if !settlement.isBrokerAway {
      brokerBackOff.reset()
      (brokerPause, brokerFailure) = (nil, nil)
      isDue = true
    } else if !settlement.postponed.isEmpty {
      // What a round says that was in progress when the broker failed last is no further failure of it.
      if let last = brokerFailure, let claimedAt = round.claimedAt, claimedAt < last { return }
      brokerFailure = now
      let pause = jitter.spread(brokerBackOff.next())
      // Perhaps it is only one row that the broker does not take: the next that comes need not wait so long.
      brokerPause = now + min(pause, settings.pollInterval)
      nextLook = now + pause
    } else {
      // The claim took so long that nothing was tried.
      databaseFailed(at: now)
    }
  }

  /// What was published must be marked, or it will be published again: so the database gets as many tries as the claim
  /// has time.
  mutating func notSettled(_ number: Int, at now: MonotonicInstant) {
    guard let index = rounds.firstIndex(where: { $0.number == number }) else { return }
    guard case .settling(let settlement) = rounds[index].stage, now < rounds[index].claimEnd else {
      rounds.remove(at: index)
      return databaseFailed(at: now)
    }
    let pause = jitter.spread(rounds[index].backOff.next())
    rounds[index].stage = .pausing(settlement, until: now + pause)
  }

  mutating func databaseWorked() {
    databaseBackOff.reset()
    databasePause = nil
  }

  mutating func databaseFailed(at now: MonotonicInstant) {
    databasePause = now + jitter.spread(databaseBackOff.next())
    isDue = true
  }

  // MARK: Actions

  /// What to do next for a round.
  mutating func step(_ index: Int, at now: MonotonicInstant) -> Action? {
    if case .pausing(let settlement, let until) = rounds[index].stage {
      return until <= now ? settle(index, settlement, at: now) : nil
    }
    let action = rounds[index].publish(
      to: destination,
      maximumInFlight: max(1, settings.maximumInFlight / Self.maximumRounds),
      timeout: settings.publishTimeout,
      at: now
    )
    guard action == nil, rounds[index].isDone else { return action }
    return settle(index, settlement(of: rounds[index]), at: now)
  }

  private mutating func settle(_ index: Int, _ settlement: Settlement, at now: MonotonicInstant) -> Action {
    rounds[index].stage = .settling(settlement)
    return .settle(round: rounds[index].number, settlement, before: now + settings.claimDuration)
  }

  private mutating func settlement(of round: RelayRound) -> Settlement {
    var settlement = Settlement()
    settlement.published = round.published
    settlement.setAside = round.setAside
    settlement.untried = round.untried
    // Another round may have got through while this one's rows failed.
    let brokerWorks = lastPublished.map { $0 >= round.claimedAt ?? $0 } ?? false
    settlement.isBrokerAway = !brokerWorks && round.setAside.isEmpty
    // While nothing gets through it is the broker's fault, and each row's next try is the broker's next try.
    settlement.postponed = round.failed.map { row in
      Settlement.Postponed(
        row: row.id,
        delay: brokerWorks ? jitter.spread(brokerBackOff.delay(failures: row.attempts)) : .zero,
        attempts: brokerWorks ? 1 : 0
      )
    }
    return settlement
  }

  /// How many of the places of rounds are taken.
  private var busy: Int { rounds.count + (isPruning ? 1 : 0) }

  mutating func claim(at now: MonotonicInstant) -> Action? {
    guard isStarted, busy < Self.maximumRounds, isDue || nextLook.map({ $0 <= now }) ?? false,
      brokerPause.map({ $0 <= now }) ?? true, databasePause.map({ $0 <= now }) ?? true
    else { return nil }
    lastRound += 1
    isDue = false
    nextLook = now + settings.pollInterval
    let isProbe = brokerBackOff.failures > 0
    let limit = isProbe ? settings.probeSize : settings.batchSize
    let end = now + settings.claimDuration
    rounds.append(RelayRound(number: lastRound, limit: limit, claimEnd: end))
    return .claim(round: lastRound, limit: limit, prefersUntried: isProbe, before: end)
  }

  mutating func prune(at now: MonotonicInstant) -> Action? {
    guard isStarted, !isPruning, busy < Self.maximumRounds, let nextPruning, nextPruning <= now,
      databasePause.map({ $0 <= now }) ?? true
    else { return nil }
    isPruning = true
    return .prune(before: now + settings.claimDuration)
  }

  mutating func stopped() -> Action? {
    guard !hasStopped, busy == 0 else { return sleep(until: roundsWakeUp) }
    hasStopped = true
    return .stopped
  }

  mutating func sleep(at now: MonotonicInstant) -> Action? {
    var wakeUp = roundsWakeUp
    if isStarted, busy < Self.maximumRounds {
      let pauses = [brokerPause, databasePause].compactMap(\.self)
      if let look = isDue ? now : nextLook {
        let look = pauses.reduce(look, max)
        wakeUp = min(wakeUp ?? look, look)
      }
      if let nextPruning, !isPruning {
        let pruning = max(nextPruning, databasePause ?? nextPruning)
        wakeUp = min(wakeUp ?? pruning, pruning)
      }
    }
    return sleep(until: wakeUp)
  }

  /// When a round's pause ends.
  private var roundsWakeUp: MonotonicInstant? {
    rounds.compactMap { round in
      if case .pausing(_, let until) = round.stage { until } else { nil }
    }.min()
  }

  /// A timer that comes too early costs a look at this value, so only an earlier one is asked for.
  private mutating func sleep(until wakeUp: MonotonicInstant?) -> Action? {
    guard let wakeUp, timer.map({ wakeUp < $0 }) ?? true else { return nil }
    timer = wakeUp
    return .sleep(until: wakeUp)
  }
}
