internal import EventLoops
internal import Logging
internal import Time

/// Keeps a message hidden while it is handled: each time half of its visibility timeout has passed, it is hidden for
/// all of it again. Belongs to one loop.
final class Heartbeat {
  private let queue: any MessageQueue
  private let receipt: String
  private let timeout: Duration
  private let loop: EventLoop
  private let logger: Logger
  private var timer: ScheduledTimer?

  init(queue: any MessageQueue, receipt: String, timeout: Duration, loop: EventLoop, logger: Logger) {
    self.queue = queue
    self.receipt = receipt
    self.timeout = timeout
    self.loop = loop
    self.logger = logger
  }

  /// Call it on the loop.
  func start() {
    let (queue, receipt, timeout, logger, loop) = (queue, receipt, timeout, logger, loop)
    timer = loop.schedule(after: timeout / 2) { [weak self] in
      self?.start()
      Task(executorPreference: loop) {
        do throws(BrokerError) {
          try await queue.changeVisibility(receipt: receipt, timeout: timeout, deadline: .now() + timeout)
        } catch {
          logger.warning("visibility not extended", metadata: ["reason": "\(error)"])
        }
      }
    }
  }

  /// Call it on the loop.
  func stop() {
    timer?.cancel()
    timer = nil
  }
}
