internal import EventLoops
internal import Logging
internal import Time

/// Deletes handled messages in batches: as soon as there are enough, or when the first has waited long enough.
actor Acknowledgements {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// Tries for one receipt; after that its message comes again, and its handler finds that all is done.
  private static let maximumTries = 3

  private let queue: any MessageQueue
  private let settings: ConsumerSettings
  private let logger: Logger
  private var waiting: [String: Int] = [:]
  private var order: [String] = []
  private var timer: ScheduledTimer?
  private var underWay = 0
  private var idle: [UnsafeContinuation<Void, Never>] = []

  init(queue: any MessageQueue, settings: ConsumerSettings, loop: EventLoop, logger: Logger) {
    self.queue = queue
    self.settings = settings
    self.loop = loop
    self.logger = logger
  }

  func add(_ receipt: String, tries: Int = 0) {
    guard waiting.updateValue(tries, forKey: receipt) == nil else { return }
    order.append(receipt)
    // What could not be deleted is not tried again at once.
    if tries == 0, order.count >= settings.acknowledgementBatch { return send() }
    guard timer == nil else { return }
    timer = loop.schedule(after: settings.acknowledgementInterval) { [weak self] in
      self?.assumeIsolated { $0.send() }
    }
  }

  /// Sends what waits, and returns when everything is deleted or has been tried often enough.
  func flush() async {
    while !order.isEmpty || underWay > 0 {
      send()
      await withUnsafeContinuation { continuation in
        if underWay > 0 { idle.append(continuation) } else { continuation.resume() }
      }
    }
  }

  private func send() {
    timer?.cancel()
    timer = nil
    while !order.isEmpty {
      let batch = Array(order.prefix(max(1, min(10, settings.acknowledgementBatch))))
      order.removeFirst(batch.count)
      let tries = batch.map { waiting.removeValue(forKey: $0) ?? 0 }
      underWay += 1
      Task(executorPreference: loop) {
        await self.delete(Dictionary(zip(batch, tries)) { first, _ in first })
      }
    }
  }

  private func delete(_ tries: [String: Int]) async {
    var failed = Array(tries.keys)
    do throws(BrokerError) {
      failed = try await queue.delete(receipts: failed, deadline: .now() + settings.callTimeout)
    } catch {
      logger.warning(
        "messages not acknowledged",
        metadata: ["count": "\(failed.count)", "reason": "\(error)"]
      )
    }
    for receipt in failed {
      let tried = tries[receipt, default: 0] + 1
      if tried < Self.maximumTries { add(receipt, tries: tried) }
    }
    underWay -= 1
    guard underWay == 0 else { return }
    let waiters = idle
    idle = []
    for waiter in waiters { waiter.resume() }
  }
}
