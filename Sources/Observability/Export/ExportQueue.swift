internal import Concurrency
internal import DequeModule
internal import EventLoops
internal import Logging
internal import Synchronization
internal import Time

/// What is on its way to a collector: bounded, sent in batches from the background, given up after some attempts. Adding
/// never waits, and a collector that is down or slow costs nothing but what it misses.
final class ExportQueue<Item: Sendable>: Sendable {
  /// Sends a batch once.
  typealias Send = @Sendable ([Item], _ deadline: MonotonicInstant) async -> ExportOutcome<Item>

  private struct State {
    var items = Deque<Item>()
    var statistics = ExportStatistics()
    var worker: Task<Void, Never>?
    /// What the worker sleeps in; cancelling it wakes the worker.
    var sleep: Task<Void, Never>?
    /// Whether that is for want of company; a pause that the collector asked for is not cut short by more work.
    var isGathering = false
    var isClosing = false
    var isFailing = false
  }

  private let name: String
  private let settings: ExportSettings
  private let loop: EventLoop
  private let logger: Logger
  private let send: Send
  private let state = Mutex(State())

  /// - Parameter name: what is sent, for the log.
  init(
    _ name: String,
    _ settings: ExportSettings,
    loop: EventLoop,
    logger: Logger,
    send: @escaping Send
  ) {
    self.name = name
    self.settings = settings
    self.loop = loop
    self.logger = logger
    self.send = send
  }

  var statistics: ExportStatistics {
    state.withLock { state in
      var statistics = state.statistics
      statistics.waiting = state.items.count
      return statistics
    }
  }

  /// Queues an item, unless there is no room.
  func add(_ item: Item) {
    state.withLock { state in
      guard !state.isClosing, state.items.count < settings.capacity else {
        state.statistics.dropped += 1
        return
      }
      state.items.append(item)
      if state.worker == nil {
        state.worker = Task(executorPreference: loop) { await self.work() }
      } else if state.isGathering, state.items.count >= settings.batch {
        state.sleep?.cancel()
      }
    }
  }

  /// Sends what waits, until the limit; what is left then is dropped.
  func shutdown(within limit: Duration) async {
    let worker = state.withLock { state in
      state.isClosing = true
      state.sleep?.cancel()
      return state.worker
    }
    guard let worker else { return }
    let guillotine = Task(executorPreference: loop) { [loop] in
      await loop.pause(for: limit)
      worker.cancel()
    }
    await worker.value
    guillotine.cancel()
    state.withLock { state in
      state.statistics.dropped += state.items.count
      state.items.removeAll()
    }
  }

  // MARK: The worker

  /// Runs while there is something to send.
  private func work() async {
    while true {
      await sleep(settings.interval, isGathering: true)
      while let batch = takeBatch() { await deliver(batch) }
      let isDone = state.withLock { state in
        guard state.items.isEmpty || Task.isCancelled else { return false }
        state.worker = nil
        return true
      }
      if isDone { return }
    }
  }

  private func takeBatch() -> [Item]? {
    state.withLock { state in
      guard !state.items.isEmpty, !Task.isCancelled else { return nil }
      let batch = Array(state.items.prefix(settings.batch))
      state.items.removeFirst(batch.count)
      return batch
    }
  }

  private func deliver(_ batch: [Item]) async {
    var batch = batch
    var pause = settings.pause
    for attempt in 1...max(1, settings.attempts) {
      // What was on its way when the shutdown began is tried once more, without a pause.
      let isLast = attempt >= settings.attempts || state.withLock(\.isClosing)
      switch await send(batch, loop.now() + settings.timeout) {
      case .delivered(let refused):
        note(sent: batch.count - refused, dropped: refused)
        return
      case .refused(let reason):
        note(sent: 0, dropped: batch.count, failure: reason)
        return
      case .again(let rest, let after, let refused, let reason):
        note(sent: batch.count - rest.count - refused, dropped: refused)
        batch = rest
        guard !isLast, !Task.isCancelled else {
          note(sent: 0, dropped: batch.count, failure: reason)
          return
        }
        await sleep(after ?? pause, isGathering: false)
        pause = min(pause * 2, .seconds(30))
      }
    }
  }

  /// Sleeps until the time has passed or somebody cancels `State.sleep`.
  private func sleep(_ duration: Duration, isGathering: Bool) async {
    let sleep: Task<Void, Never>? = state.withLock { state in
      let hasBatch = isGathering && state.items.count >= settings.batch
      guard !state.isClosing, !hasBatch, !Task.isCancelled else { return nil }
      let sleep = Task(executorPreference: loop) { [loop] in _ = await loop.pause(for: duration) }
      state.sleep = sleep
      state.isGathering = isGathering
      return sleep
    }
    await sleep?.value
    state.withLock { state in
      state.sleep = nil
      state.isGathering = false
    }
  }

  /// Counts, and says once that a collector fails and once that it is back.
  private func note(sent: Int, dropped: Int, failure: String? = nil) {
    let change: Bool? = state.withLock { state in
      state.statistics.sent += sent
      state.statistics.dropped += dropped
      let isFailing = failure != nil ? true : sent > 0 ? false : state.isFailing
      defer { state.isFailing = isFailing }
      return isFailing == state.isFailing ? nil : isFailing
    }
    // At info: a warning would itself be sent to a collector.
    if change == true {
      logger.info(
        "telemetry export fails",
        metadata: ["what": "\(name)", "reason": "\(failure ?? "")"]
      )
    } else if change == false {
      logger.info("telemetry export works again", metadata: ["what": "\(name)"])
    }
  }
}
