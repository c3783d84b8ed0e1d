internal import CLinux
internal import DequeModule
internal import Synchronization
public import Time

/// One thread that waits on epoll and runs Swift jobs: an actor whose `unownedExecutor` is a loop, and a task that
/// prefers it, run on its thread alone, so what they share needs no lock.
///
/// Start every task that works on a loop with `Task(executorPreference: loop)`: closures of no stated isolation that
/// the standard library runs (`withTaskCancellationHandler`, task groups, `async let`) then stay on the loop, where
/// without the preference they would run on the global executor's threads.
///
/// `@unchecked Sendable`: every stored property that changes is touched only on the loop's own thread (`isCurrent`), or
/// before that starts and after it has ended; what other threads hand over goes through `inbox`, a mutex, and the
/// eventfd of `poller`.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  /// The position of this loop in its group, from 0.
  public let index: Int

  private struct Inbox {
    var jobs: [UnownedJob] = []
    var actions: [@Sendable () -> Void] = []
    var isWakePending = false
    var isOver = false
  }

  private let inbox = Mutex(Inbox())
  private let isStopping = Atomic<Bool>(false)
  let poller: Poller
  /// Where a stream of this loop receives, for the length of one system call.
  let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
  private let timers = TimerQueue()
  private var takenJobs: [UnownedJob] = []
  private var takenActions: [@Sendable () -> Void] = []
  private var localJobs = Deque<UnownedJob>()
  private var endOfTick: [() -> Void] = []
  private let longSteps = WaitingSteps()
  private let spareSteps = WaitingSteps()
  private var thread = pthread_t()
  private let meter = LoopMeter()

  /// Makes a loop that is not yet running.
  /// - Throws: `SystemError` when the kernel gives no epoll instance or eventfd.
  init(index: Int) throws(SystemError) {
    self.index = index
    poller = try Poller()
  }

  deinit { scratch.deallocate() }

  /// The loop whose thread this is, or nil on any other thread.
  public static var current: EventLoop? {
    guard let pointer = gateway_current_loop() else { return nil }
    return Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
  }

  /// Whether the caller runs on this loop's thread.
  public var isCurrent: Bool { gateway_current_loop() == Unmanaged.passUnretained(self).toOpaque() }

  /// How long the last turn of the loop kept it from waiting on epoll.
  public var lastTurnDuration: Duration {
    .nanoseconds(Int64(clamping: meter.lastTurn))
  }

  /// How the loop has been doing. Callable from any thread.
  public var statistics: EventLoopStatistics { meter.statistics(now: gateway_monotonic_nanoseconds()) }

  // MARK: Executor

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      localJobs.append(job)
      return
    }
    let mustWake = inbox.withLock { inbox in
      inbox.jobs.append(job)
      defer { inbox.isWakePending = true }
      return !inbox.isWakePending
    }
    if mustWake { poller.wake() }
  }

  public func checkIsolated() {
    precondition(isCurrent, "not on event loop \(index)")
  }

  public func isIsolatingCurrentContext() -> Bool? { isCurrent }

  /// Runs `action` on the loop's thread, soon; lets it go unrun if the loop has ended. Callable from any thread.
  public func execute(_ action: @escaping @Sendable () -> Void) {
    let mustWake = inbox.withLock { inbox in
      guard !inbox.isOver else { return false }
      inbox.actions.append(action)
      defer { inbox.isWakePending = true }
      return !inbox.isWakePending
    }
    if mustWake { poller.wake() }
  }

  /// Runs `body` on this loop as part of the caller's task: it is cancelled with it.
  public nonisolated(nonsending) func run<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let task = Task(executorPreference: self) { try await body() }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  // MARK: On the loop's thread only

  /// Runs `action` on this loop at `deadline` or soon after. Call it on the loop only.
  public func schedule(at deadline: MonotonicInstant, _ action: @escaping () -> Void) -> ScheduledTimer {
    preconditionOnLoop()
    return timers.schedule(at: deadline, action)
  }

  /// Runs `action` on this loop once `delay` has passed. Call it on the loop only.
  public func schedule(after delay: Duration, _ action: @escaping () -> Void) -> ScheduledTimer {
    schedule(at: MonotonicInstant.now() + delay, action)
  }

  /// Runs `action` once every job that is ready now has run, before the loop waits again: the place to send in one
  /// system call what several jobs have written. Call it on the loop only.
  public func atEndOfTick(_ action: @escaping () -> Void) {
    preconditionOnLoop()
    endOfTick.append(action)
  }

  /// Waits until the loop has time for a step of some tenths of milliseconds or more, such as a key exchange or a check of a
  /// signature. Such steps come at the end of a turn, when everything else that was ready has run, and no more of them than
  /// go into `WaitingSteps.timeOfTurn`: so many that begin at once do not hold up what else the loop has to do. Off the loop's
  /// thread there is nothing to wait for.
  public func waitForLongStep(isolation: isolated (any Actor)? = #isolation) async {
    guard isCurrent else { return }
    await withUnsafeContinuation { longSteps.append($0) }
  }

  /// Waits until the loop has time for what is not pressing, such as the next of many answers to one client. Such steps
  /// come in their order after the long ones, with a time of their own in each turn, so that they go on, and what the
  /// loop's sockets and timers bring goes first.
  public func waitForSpareTime(isolation: isolated (any Actor)? = #isolation) async {
    guard isCurrent else { return }
    await withUnsafeContinuation { spareSteps.append($0) }
  }

  func preconditionOnLoop() {
    precondition(isCurrent, "event loop \(index) used from another thread")
  }

  // MARK: Life

  func start() throws(SystemError) {
    let retained = Unmanaged.passRetained(self)
    let result = pthread_create(
      &thread,
      nil,
      { pointer in
        guard let pointer else { return nil }
        let loop = Unmanaged<EventLoop>.fromOpaque(pointer).takeRetainedValue()
        gateway_set_current_loop(pointer)
        loop.run()
        gateway_set_current_loop(nil)
        return nil
      },
      retained.toOpaque()
    )
    guard result == 0 else {
      retained.release()
      throw SystemError(call: "pthread_create", errno: result)
    }
  }

  /// Ends the loop's thread after the turn it is in, and waits for that. Jobs that come later never run, so a loop
  /// must outlive everything that runs on it. Not callable on the loop itself; repeated calls do nothing.
  func stopAndJoin() {
    precondition(!isCurrent, "event loop \(index) cannot wait for itself")
    guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
    poller.wake()
    pthread_join(thread, nil)
    discard()
  }

  /// What is left when the thread has ended refers to the loop, and would keep it and its descriptors for ever.
  private func discard() {
    let actions = inbox.withLock { inbox in
      inbox.isOver = true
      defer { inbox.actions = [] }
      return inbox.actions
    }
    withExtendedLifetime(actions) {}
    endOfTick = []
    timers.removeAll()
    poller.forgetSources()
  }

  private func run() {
    gateway_prepare_loop_thread("loop-\(index)")
    while true {
      let started = gateway_monotonic_nanoseconds()
      poller.deliver()
      // After the events: taking them takes the wake of `stopAndJoin()` too, and no other comes.
      guard !isStopping.load(ordering: .acquiring) else { return }
      takeInbox()
      let readyJobs = localJobs.count
      runReadyJobs()
      fireTimers()
      runReadyJobs()
      longSteps.goOn(runReadyJobs)
      spareSteps.goOn(runReadyJobs)
      runEndOfTick()
      let ended = gateway_monotonic_nanoseconds()
      meter.note(started: started, ended: ended, readyJobs: readyJobs)
      poller.wait(for: waitTime(from: ended))
    }
  }

  /// The inbox and the taken arrays change places, so that neither is allocated again for each turn.
  private func takeInbox() {
    inbox.withLock { inbox in
      inbox.isWakePending = false
      swap(&inbox.jobs, &takenJobs)
      swap(&inbox.actions, &takenActions)
    }
    localJobs.append(contentsOf: takenJobs)
    takenJobs.removeAll(keepingCapacity: true)
    for action in takenActions { action() }
    takenActions.removeAll(keepingCapacity: true)
  }

  /// Bounded, so that jobs which keep making jobs cannot starve timers and sockets.
  private func runReadyJobs() {
    var budget = 4096
    while budget > 0, let job = localJobs.popFirst() {
      job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      budget -= 1
    }
  }

  private func fireTimers() {
    for timer in timers.takeDue(.now()) { timer.fire() }
  }

  /// What an action adds is for the next turn, which comes without a wait.
  private func runEndOfTick() {
    guard !endOfTick.isEmpty else { return }
    let actions = endOfTick
    endOfTick.removeAll(keepingCapacity: true)
    for action in actions { action() }
  }

  /// Milliseconds to wait on epoll, rounded up: 0 when work is ready, -1 (for ever) when no timer is set.
  private func waitTime(from now: UInt64) -> Int32 {
    if !localJobs.isEmpty || !endOfTick.isEmpty || !longSteps.isEmpty || !spareSteps.isEmpty {
      return 0
    }
    guard let next = timers.nextDeadline() else { return -1 }
    guard next.nanoseconds > now else { return 0 }
    return Int32(clamping: (next.nanoseconds - now - 1) / 1_000_000 + 1)
  }
}
