/// The one task that waits for one direction of a stream, with its deadline. The timer is kept between waits and
/// moved lazily, because a busy connection sets a new deadline for each request and almost never reaches it.
struct ReadinessWaiter {
  private final class State {
    var continuation: UnsafeContinuation<StreamError?, Never>?
    var begun: UInt64 = 0
    var deadline: MonotonicInstant?
    var timer: ScheduledTimer?
    var timerDeadline: MonotonicInstant?

    func finish(_ error: StreamError?) {
      let waiting = continuation
      continuation = nil
      waiting?.resume(returning: error)
    }

    func arm(_ loop: EventLoop, at deadline: MonotonicInstant) {
      timer?.cancel()
      timerDeadline = deadline
      timer = loop.schedule(at: deadline) { [weak self, unowned loop] in self?.timerFired(loop) }
    }

    func timerFired(_ loop: EventLoop) {
      timer = nil
      timerDeadline = nil
      guard continuation != nil, let deadline else { return }
      if deadline <= .now() {
        finish(.timedOut)
      } else {
        arm(loop, at: deadline)
      }
    }

    deinit { timer?.cancel() }
  }

  private let state = State()

  mutating func begin(
    _ continuation: UnsafeContinuation<StreamError?, Never>,
    loop: EventLoop,
    deadline: MonotonicInstant?
  ) {
    state.continuation = continuation
    state.begun &+= 1
    state.deadline = deadline
    guard let deadline else { return }
    if let armed = state.timerDeadline, armed <= deadline { return }
    state.arm(loop, at: deadline)
  }

  /// Whether a task waits now.
  var isWaiting: Bool { state.continuation != nil }

  /// The number that the next wait will have.
  var nextTicket: UInt64 { state.begun &+ 1 }

  /// Ends the wait of that number, if it goes on, because its task is cancelled.
  func cancel(ticket: UInt64) {
    if state.begun == ticket { state.finish(.closed) }
  }

  /// Ends the wait, if there is one: nil means ready.
  mutating func resume(with error: StreamError?) { state.finish(error) }
}
