/// A timer of one event loop. Cancelling marks it; the loop drops it when its time comes, or earlier when marked
/// timers outnumber the live ones, so that a cancel costs a store.
///
/// Belongs to the loop that made it: only code running on that loop may touch it.
public final class ScheduledTimer {
  let deadline: MonotonicInstant
  let sequence: UInt64
  private var action: (() -> Void)?
  private unowned let queue: TimerQueue

  init(deadline: MonotonicInstant, sequence: UInt64, queue: TimerQueue, action: @escaping () -> Void) {
    self.deadline = deadline
    self.sequence = sequence
    self.queue = queue
    self.action = action
  }

  var isCancelled: Bool { action == nil }

  /// Makes sure the action is not run. Has no effect once it has run.
  public func cancel() {
    guard action != nil else { return }
    action = nil
    queue.noteCancelled()
  }

  func fire() {
    let due = action
    action = nil
    due?()
  }
}
