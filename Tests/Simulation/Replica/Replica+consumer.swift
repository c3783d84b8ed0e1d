internal import Events
internal import Time

/// What an executor does for the consumer's machine.
extension Replica {
  func tell(_ event: ConsumerMachine.Event) {
    if world.plant == .placeLeak, case .retryScheduled = event { return }
    note("consumer <- \(event)")
    var action = consumer.on(event, at: world.now)
    while let each = action, world.violation == nil {
      note("consumer -> \(each)")
      perform(each)
      action = consumer.next(at: world.now)
    }
    world.observe(
      .holding(count: consumer.inFlight, limit: Self.consumerSettings.maximumInFlight, replica: index)
    )
  }

  private func perform(_ action: ConsumerMachine.Action) {
    switch action {
    case .ask(let deadline): ask(deadline)
    case .poll(let limit, let wait, let deadline):
      poll(world.plant == .roomIgnored ? 10 : limit, wait, deadline)
    case .cancelPoll:
      cancelPoll?()
    case .handle(let number): handle(number)
    case .cancel(let number):
      if let handler = handlers[number] { ended(number, handler, isCancelled: true) }
    case .extend(let number, let timeout, let deadline):
      guard world.plant != .heartbeatForgotten, let receipt = deliveries[number]?.message.receipt else {
        return
      }
      hide(receipt, timeout, deadline) {}
    case .keep: break
    case .retry(let number, let decision, _, let deadline):
      guard let arrived = deliveries.removeValue(forKey: number) else { return tell(.retryScheduled(number)) }
      if world.plant == .failureDeleted { delete([arrived.message.receipt], deadline) { _ in } }
      hide(arrived.message.receipt, .seconds(decision.seconds), deadline) { [self] in
        tell(.retryScheduled(number))
      }
    case .leave(let number): deliveries[number] = nil
    case .forget(let numbers):
      for number in numbers { (deliveries[number], receipts[number]) = (nil, nil) }
    case .delete(let numbers, let deadline):
      let named = numbers.map { receipts[$0] ?? "" }
      delete(named, deadline) { [self] failed in
        let left = zip(numbers, named).filter { failed.contains($0.1) }.map(\.0)
        for number in numbers where !left.contains(number) { receipts[number] = nil }
        tell(.deleted(numbers, failed: left))
      }
    case .sleep(let instant):
      sleep(.consumer, until: instant) { [weak self] in self?.tell(ConsumerMachine.Event.timer) }
    case .stopped: hasStopped(.consumer)
    }
  }

  // MARK: The queue

  private func ask(_ deadline: MonotonicInstant) {
    world.call(from: self, to: .broker, before: deadline) { [world] answer in
      if let status = try? world.broker.status(of: World.queue, at: world.now) { answer(status) }
    } then: { [self] (reply: World.Reply<QueueStatus>) in
      guard case .answer(let status) = reply else { return tell(.notTold) }
      tell(.told(visibilityTimeout: status.visibilityTimeout, maxReceiveCount: status.maxReceiveCount))
    }
  }

  private func poll(_ limit: Int, _ wait: Duration, _ deadline: MonotonicInstant) {
    var isOver = false
    func end(_ reply: World.Reply<[Arrived]>) {
      if isOver { return }
      isOver = true
      guard case .answer(let arrived) = reply else { return tell(.pollFailed) }
      tell(.received(arrived.map(arrival)))
    }
    cancelPoll = { end(.silence) }
    world.call(from: self, to: .broker, before: deadline) { [world] answer in
      world.wait(Poll(limit: limit, end: world.now + wait, answer: answer))
    } then: {
      end($0)
    }
  }

  private func arrival(_ arrived: Arrived) -> ConsumerMachine.Arrival {
    lastDelivery += 1
    deliveries[lastDelivery] = arrived
    return ConsumerMachine.Arrival(
      number: lastDelivery,
      message: arrived.message.id,
      receiveCount: arrived.message.receiveCount,
      eventType: arrived.opened.eventType,
      isTypeReadable: true
    )
  }

  private func hide(
    _ receipt: String,
    _ timeout: Duration,
    _ deadline: MonotonicInstant,
    then: @escaping () -> Void
  ) {
    world.call(from: self, to: .broker, before: deadline) { [world] answer in
      try? world.broker.changeVisibility(receipt, on: World.queue, timeout: timeout, at: world.now)
      world.servePolls()
      answer(())
    } then: { (_: World.Reply<Void>) in
      then()
    }
  }

  private func delete(_ named: [String], _ deadline: MonotonicInstant, then: @escaping ([String]) -> Void) {
    world.call(from: self, to: .broker, before: deadline) { [world] answer in
      let before = Set(world.broker.ids(World.queue))
      let failed = (try? world.broker.delete(named, from: World.queue)) ?? named
      for message in before.subtracting(world.broker.ids(World.queue)).sorted() {
        world.observe(.deleted(message: message))
      }
      answer(failed)
    } then: { (reply: World.Reply<[String]>) in
      if case .answer(let failed) = reply { then(failed) } else { then(named) }
    }
  }

  // MARK: Handlers

  private func handle(_ number: UInt64) {
    guard let arrived = deliveries[number] else { return }
    lastHandler += 1
    let (ticket, handler) = (ticket, lastHandler)
    handlers[number] = handler
    world.observe(.handling(message: arrived.message.id, row: arrived.row, replica: index))
    if world.plant == .acknowledgeBeforeHandled {
      delete([arrived.message.receipt], world.now + .seconds(10)) { _ in }
    }
    let isSlow = world.random.chance(3)
    let duration =
      isSlow
      ? world.random.duration(.seconds(5), .seconds(50)) : world.random.duration(.zero, .milliseconds(200))
    world.schedule(after: duration) { [weak self] in
      self?.receive(ticket) { self?.ended(number, handler, isCancelled: false) }
    }
  }

  private func ended(_ number: UInt64, _ handler: Int, isCancelled: Bool) {
    guard handlers[number] == handler, let arrived = deliveries[number] else { return }
    handlers[number] = nil
    let isTroubled = !isCancelled && world.random.chance(world.faults.troubled)
    let isFailed = isCancelled || arrived.isPoison || world.random.chance(world.faults.failing)
    let isHandled = !isTroubled && !isFailed
    world.observe(
      .handled(message: arrived.message.id, row: arrived.row, replica: index, isHandled: isHandled)
    )
    if isHandled {
      receipts[number] = arrived.message.receipt
      deliveries[number] = nil
      tell(.handled(number))
    } else {
      tell(.failed(number, isPassing: isTroubled))
    }
  }
}
