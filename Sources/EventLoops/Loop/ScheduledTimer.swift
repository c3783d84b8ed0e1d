public import Time

/// A timer of one event loop. Cancelling marks it; the loop drops it when its time comes, or earlier when marked
/// timers outnumber the live ones, so that a cancel costs a store.
///
/// Belongs to the loop that made it: only code running on that loop may touch it. It may be released anywhere.
public final class ScheduledTimer: Cancellable {
  let deadline: MonotonicInstant
  let sequence: UInt64
  /// Whether the queue still holds it: it counts its cancelled timers.
  var isQueued = true
  private var action: (() -> Void)?
  private let tally: TimerTally

  init(deadline: MonotonicInstant, sequence: UInt64, tally: TimerTally, action: @escaping () -> Void) {
    self.deadline = deadline
    self.sequence = sequence
    self.tally = tally
    self.action = action
  }

  var isCancelled: Bool { action == nil }

  /// Makes sure the action is not run. Has no effect once it has run.
  public func cancel() {
    guard action != nil else { return }
    action = nil
    if isQueued { tally.cancelled += 1 }
  }

  func fire() {
    let due = action
    action = nil
    due?()
  }
}

/// How many timers of a queue are cancelled: what a timer needs of its queue, which it may outlive.
final class TimerTally {
  var cancelled = 0
}
