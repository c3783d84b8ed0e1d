internal import EventLoops
internal import Time

/// What an executor keeps for its machine: the timer that was asked for last, and who waits for the end.
struct ExecutorLife {
  fileprivate var timer: ScheduledTimer?
  fileprivate var hasStopped = false
  fileprivate var waiting: [UnsafeContinuation<Void, Never>] = []
}

/// An actor that does what a machine decides, and tells it what came of it.
protocol MachineExecutor: Actor {
  associatedtype Machine: EventMachine

  nonisolated var loop: EventLoop { get }
  var machine: Machine { get set }
  var life: ExecutorLife { get set }

  /// Begins to do something; it may tell of an event meanwhile.
  func perform(_ action: Machine.Action)
}

extension MachineExecutor {
  /// Tells the machine what has happened, and does what it decides.
  func on(_ event: Machine.Event) {
    let now = loop.now()
    var action = machine.on(event, at: now)
    while let each = action {
      perform(each)
      action = machine.next(at: now)
    }
  }

  /// Tells of an event at an instant, and of none that was asked for before.
  func sleep(until instant: MonotonicInstant, then event: Machine.Event) {
    life.timer?.cancel()
    life.timer = loop.schedule(at: instant) { [weak self] in self?.assumeIsolated { $0.on(event) } }
  }

  /// The machine has said that nothing will be done any more.
  func end() {
    life.timer?.cancel()
    life.hasStopped = true
    let waiting = life.waiting
    life.waiting = []
    for waiter in waiting { waiter.resume() }
  }

  /// Waits for the end.
  func ended() async {
    if life.hasStopped { return }
    await withUnsafeContinuation { life.waiting.append($0) }
  }
}
