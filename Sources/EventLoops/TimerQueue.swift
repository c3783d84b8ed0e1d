import HeapModule

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
  private var cancelled = 0
  private var nextSequence: UInt64 = 0

  /// Timers that will still fire.
  var count: Int { heap.count - cancelled }

  func schedule(at deadline: MonotonicInstant, _ action: @escaping () -> Void) -> ScheduledTimer {
    let timer = ScheduledTimer(deadline: deadline, sequence: nextSequence, queue: self, action: action)
    nextSequence &+= 1
    heap.insert(Entry(timer: timer))
    return timer
  }

  func noteCancelled() {
    cancelled += 1
    if cancelled > 64, cancelled > heap.count / 2 { dropCancelled() }
  }

  /// When the next timer is due, or nil if none is set.
  func nextDeadline() -> MonotonicInstant? {
    while let first = heap.min {
      guard first.timer.isCancelled else { return first.timer.deadline }
      heap.removeMin()
      cancelled -= 1
    }
    return nil
  }

  /// Takes the earliest timer whose deadline has passed, if any.
  func popDue(_ now: MonotonicInstant) -> ScheduledTimer? {
    guard let next = nextDeadline(), next <= now else { return nil }
    return heap.popMin()?.timer
  }

  private func dropCancelled() {
    heap = Heap(heap.unordered.filter { !$0.timer.isCancelled })
    cancelled = 0
  }
}
