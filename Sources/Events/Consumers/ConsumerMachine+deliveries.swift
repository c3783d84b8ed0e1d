internal import Time

/// What is noticed of messages: that they were received, were handled, or have failed.
extension ConsumerMachine {
  /// Whether no further message may be taken.
  var isFull: Bool { poll == .idle && deliveries.count >= settings.maximumInFlight }

  // MARK: Events

  mutating func received(_ arrivals: [Arrival], at now: MonotonicInstant) {
    lastPoll = now
    pollBackOff.reset()
    for arrival in arrivals {
      if deliveries.contains(where: { $0.arrival.message == arrival.message }) { facts.contradicted() }
      deliveries.append(
        ConsumerDelivery(
          arrival: arrival,
          patienceEnd: now + settings.passingTroubleTimeout,
          heartbeat: now + facts.visibilityTimeout / 2
        )
      )
    }
    guard case .polling(let since) = poll else { return }
    let isEarly = now.duration(since: since) < settings.pollWait / 2
    if arrivals.isEmpty, isEarly, !isStopping {
      // An empty answer before the wait was over: a broker that does so is polled again after a pause.
      poll = .pausing(until: now + emptyBackOff.next())
    } else {
      poll = .idle
      emptyBackOff.reset()
    }
  }

  mutating func pollFailed(at now: MonotonicInstant) {
    guard case .polling = poll else { return }
    poll = .idle
    if isStopping { return }
    counts.failedPolls += 1
    poll = .pausing(until: now + pollBackOff.next())
  }

  /// The queue was asked: whoever waits for its policy goes on, with what was known before if it does not answer.
  mutating func answered() {
    for index in deliveries.indices where deliveries[index].stage == .failed { schedule(index) }
  }

  /// Trouble of the database that passes is waited out with the message kept in flight: a delivery would be used up for
  /// nothing.
  mutating func failed(_ number: UInt64, _ isPassing: Bool, at now: MonotonicInstant) {
    guard let index = index(of: number) else { return }
    let delivery = deliveries[index]
    guard delivery.isHandling else { return giveUp(index, at: now) }
    guard isPassing, !isStopping, delivery.stage != .cancelled, now < delivery.patienceEnd else {
      return fail(index, at: now)
    }
    deliveries[index].isToBeKept = delivery.backOff.failures == 0
    deliveries[index].stage = .pausing(until: now + jitter.spread(deliveries[index].backOff.next()))
  }

  mutating func stop(by end: MonotonicInstant?, at now: MonotonicInstant) {
    let latest = now + settings.stopTimeout
    isStopping = true
    stopEnd = min(stopEnd ?? latest, min(latest, end ?? latest))
    if case .pausing = poll { poll = .idle }
    for index in deliveries.indices {
      if case .pausing = deliveries[index].stage { fail(index, at: now) }
    }
  }

  /// - Returns: the delivery, if it was as `condition` says; in any other state it is given up.
  mutating func remove(
    _ number: UInt64,
    while condition: (ConsumerDelivery) -> Bool,
    at now: MonotonicInstant
  ) -> ConsumerDelivery? {
    guard let index = index(of: number) else { return nil }
    guard condition(deliveries[index]) else {
      giveUp(index, at: now)
      return nil
    }
    return take(index, at: now)
  }

  private func index(of number: UInt64) -> Int? { deliveries.firstIndex { $0.arrival.number == number } }

  @discardableResult
  mutating func take(_ index: Int, at now: MonotonicInstant) -> ConsumerDelivery {
    // The silence counts from when there is room again.
    if isFull { lastPoll = now }
    return deliveries.remove(at: index)
  }

  private mutating func giveUp(_ index: Int, at now: MonotonicInstant) {
    forgotten.append(take(index, at: now).arrival.number)
  }

  private mutating func fail(_ index: Int, at now: MonotonicInstant) {
    counts.failed += 1
    guard deliveries[index].arrival.isTypeReadable else {
      deliveries[index].stage = .unreadable
      return
    }
    deliveries[index].stage = .failed
    if !hasDeadLetters || !facts.isAsking && facts.isPolicyFresh(at: now) { schedule(index) }
  }

  private mutating func schedule(_ index: Int) {
    let arrival = deliveries[index].arrival
    let decision = retryPolicy.decision(
      eventType: arrival.eventType,
      receiveCount: arrival.receiveCount,
      maxReceiveCount: hasDeadLetters ? facts.maxReceiveCount : nil
    )
    if decision.isLast { counts.deadLettered += 1 }
    deliveries[index].stage = .scheduled(decision)
  }
}
