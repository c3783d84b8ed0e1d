internal import Time

/// What a consumer does next.
extension ConsumerMachine {
  /// What to do for a delivery.
  mutating func step(_ index: Int, at now: MonotonicInstant) -> Action? {
    let number = deliveries[index].arrival.number
    switch deliveries[index].stage {
    case .new: return handle(index, at: now)
    case .handling(let end):
      if end <= now || stopEnd.map({ $0 <= now }) ?? false {
        deliveries[index].stage = .cancelled
        return .cancel(number)
      }
    case .pausing(let end):
      if deliveries[index].isToBeKept {
        deliveries[index].isToBeKept = false
        return .keep(number)
      }
      if end <= now { return handle(index, at: now) }
    case .scheduled(let decision):
      deliveries[index].stage = .retrying
      return .retry(
        number,
        decision,
        maxReceiveCount: hasDeadLetters ? facts.maxReceiveCount : nil,
        before: now + settings.callTimeout
      )
    case .unreadable:
      take(index, at: now)
      return .leave(number)
    case .cancelled, .failed, .retrying: break
    }
    return extend(index, at: now)
  }

  private mutating func handle(_ index: Int, at now: MonotonicInstant) -> Action {
    deliveries[index].stage = .handling(until: now + settings.handlerTimeout)
    return .handle(deliveries[index].arrival.number)
  }

  private mutating func extend(_ index: Int, at now: MonotonicInstant) -> Action? {
    guard deliveries[index].isHidden, deliveries[index].heartbeat <= now else { return nil }
    let timeout = facts.visibilityTimeout
    deliveries[index].heartbeat = now + timeout / 2
    return .extend(deliveries[index].arrival.number, by: timeout, before: now + timeout)
  }

  mutating func forget() -> Action? {
    let numbers = acknowledgements.takeGivenUp() + forgotten
    forgotten = []
    return numbers.isEmpty ? nil : .forget(numbers)
  }

  /// Has the queue asked for its policy, for the sake of messages that have failed.
  mutating func ask(at now: MonotonicInstant) -> Action? {
    guard !facts.isAsking, deliveries.contains(where: { $0.stage == .failed }) else { return nil }
    facts.asked()
    return .ask(before: now + settings.callTimeout)
  }

  mutating func acknowledge(at now: MonotonicInstant) -> Action? {
    let batch = acknowledgements.batch(
      of: settings.acknowledgementBatch,
      isLast: isStopping && deliveries.isEmpty && poll == .idle,
      at: now
    )
    return batch.isEmpty ? nil : .delete(batch, before: now + settings.callTimeout)
  }

  /// How long to hide a message again is the queue's own timeout: nothing but the first poll waits for it.
  mutating func receive(at now: MonotonicInstant) -> Action? {
    if case .pausing(let end) = poll, end <= now { poll = .idle }
    guard isStarted, poll == .idle, deliveries.count < settings.maximumInFlight else { return nil }
    if facts.isTimeoutDue(at: now) {
      facts.asked()
      return .ask(before: now + settings.callTimeout)
    }
    if facts.isUnknown { return nil }
    facts.polled()
    poll = .polling(since: now)
    return .poll(
      limit: min(10, settings.maximumInFlight - deliveries.count),
      wait: settings.pollWait,
      before: now + settings.pollWait + settings.pollGrace
    )
  }

  mutating func stopped() -> Action? {
    if case .polling = poll {
      if isPollCancelled { return nil }
      isPollCancelled = true
      return .cancelPoll
    }
    guard !hasStopped, deliveries.isEmpty, acknowledgements.isEmpty else { return nil }
    hasStopped = true
    return .stopped
  }

  /// A timer that comes too early costs a look at this value, so only an earlier one is asked for.
  mutating func sleep(at now: MonotonicInstant) -> Action? {
    var wakeUp = acknowledgements.due
    func consider(_ instant: MonotonicInstant) { wakeUp = min(wakeUp ?? instant, instant) }
    for delivery in deliveries {
      switch delivery.stage {
      case .handling(let end):
        consider(end)
        if let stopEnd { consider(stopEnd) }
      case .pausing(let end): consider(end)
      case .new, .cancelled, .failed, .scheduled, .retrying, .unreadable: break
      }
      if delivery.isHidden { consider(delivery.heartbeat) }
    }
    if case .pausing(let end) = poll { consider(end) }
    guard let wakeUp, timer.map({ wakeUp < $0 }) ?? true else { return nil }
    timer = wakeUp
    return .sleep(until: wakeUp)
  }
}
