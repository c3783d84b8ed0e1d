import HeapModule
internal import Time

/// The timers of one event loop, earliest deadline first; equal deadlines fire in the order they were set.
final class TimerQueue {
  private struct Entry: Comparable {
    let timer: ScheduledTimer

    static func < (left: Entry, right: Entry) -> Bool {
      left.timer.deadline == right.timer.deadline
        ? left.timer.sequence < right.timer.sequence : left.timer.deadline < right.timer.deadline
    }

    static func == (left: Entry, right: Entry) -> Bool { left.timer === right.timer }
  }

  private var heap = Heap<Entry>()
  private let tally = TimerTally()
  private var nextSequence: UInt64 = 0

  /// Timers that will still fire.
  var count: Int { heap.count - tally.cancelled }
  /// Timers held, the cancelled ones among them.
  var held: Int { heap.count }

  func schedule(at deadline: MonotonicInstant, _ action: @escaping () -> Void) -> ScheduledTimer {
    if tally.cancelled > 64, tally.cancelled > heap.count / 2 { dropCancelled() }
    let timer = ScheduledTimer(deadline: deadline, sequence: nextSequence, tally: tally, action: action)
    nextSequence &+= 1
    heap.insert(Entry(timer: timer))
    return timer
  }

  /// When the next timer is due, or nil if none is set.
  func nextDeadline() -> MonotonicInstant? {
    while let first = heap.min {
      guard first.timer.isCancelled else { return first.timer.deadline }
      heap.removeMin()
      first.timer.isQueued = false
      tally.cancelled -= 1
    }
    return nil
  }

  /// Takes the timers whose deadline has passed, earliest first. What their actions set is for the next turn, however
  /// early it is due, and so cannot keep the loop from its sockets.
  func takeDue(_ now: MonotonicInstant) -> [ScheduledTimer] {
    var due: [ScheduledTimer] = []
    while let next = nextDeadline(), next <= now, let timer = heap.popMin()?.timer {
      timer.isQueued = false
      due.append(timer)
    }
    return due
  }

  func removeAll() {
    heap = Heap()
    tally.cancelled = 0
  }

  private func dropCancelled() {
    heap = Heap(heap.unordered.filter { !$0.timer.isCancelled })
    tally.cancelled = 0
  }
}
