internal import Time

/// The one task that waits for a stream to be read, or written, with its deadline. The timer is kept between waits and
/// moved lazily, because a busy connection sets a new deadline for each request and almost never reaches it.
///
/// Belongs to the stream's loop, but may be released anywhere.
final class ReadinessWaiter {
  private var continuation: UnsafeContinuation<StreamError?, Never>?
  private var awaited: Readiness = []
  private var ticket: UInt64 = 0
  private var deadline: MonotonicInstant?
  private var timer: ScheduledTimer?
  private var timerDeadline: MonotonicInstant?

  /// Whether a task waits now.
  var isWaiting: Bool { continuation != nil }

  /// The number of a wait that is about to begin: no other has it, so that a cancellation, of which the loop may hear
  /// late, ends no other wait.
  func nextTicket() -> UInt64 {
    ticket &+= 1
    return ticket
  }

  /// - Parameter readiness: what the task waits for; TLS may have to write in order to read, and the reverse.
  func begin(
    _ continuation: UnsafeContinuation<StreamError?, Never>,
    for readiness: Readiness,
    loop: EventLoop,
    deadline: MonotonicInstant?
  ) {
    assert(self.continuation == nil, "two tasks read, or two write, the same stream")
    end(.closed)
    self.continuation = continuation
    awaited = readiness
    self.deadline = deadline
    guard let deadline else { return }
    if let timerDeadline, timerDeadline <= deadline { return }
    arm(loop, at: deadline)
  }

  /// Ends the wait if `readiness` holds what it waits for.
  func resume(_ readiness: Readiness) {
    if !awaited.isDisjoint(with: readiness) { end(nil) }
  }

  /// Ends the wait of that number, if it goes on, because its task is cancelled.
  func cancel(ticket: UInt64) {
    if self.ticket == ticket { end(.closed) }
  }

  /// Ends the wait, if there is one, and gives back the timer: the stream is closed.
  func close() {
    end(.closed)
    timer?.cancel()
    timer = nil
    timerDeadline = nil
  }

  private func end(_ error: StreamError?) {
    let waiting = continuation
    continuation = nil
    waiting?.resume(returning: error)
  }

  private func arm(_ loop: EventLoop, at deadline: MonotonicInstant) {
    timer?.cancel()
    timerDeadline = deadline
    timer = loop.schedule(at: deadline) { [weak self, unowned loop] in self?.timerFired(loop) }
  }

  private func timerFired(_ loop: EventLoop) {
    timer = nil
    timerDeadline = nil
    guard continuation != nil, let deadline else { return }
    if deadline <= .now() {
      end(.timedOut)
    } else {
      arm(loop, at: deadline)
    }
  }
}

/// Carries one wait into a cancellation handler, which runs on any thread.
///
/// `@unchecked Sendable`: the waiter is touched on its loop alone, by `run()`; letting it go elsewhere does nothing.
struct WaitCancellation: @unchecked Sendable {
  let waiter: ReadinessWaiter
  let ticket: UInt64

  func run() { waiter.cancel(ticket: ticket) }
}
