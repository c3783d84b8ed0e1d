internal import HeapModule
internal import Time

/// What is going to happen, in the order of its instants; what is due at one instant happens in the order in which it was
/// scheduled. One heap, one thread, no tasks.
struct Scheduler {
  private struct Entry: Comparable {
    let instant: MonotonicInstant
    let number: Int
    let action: () -> Void

    static func == (left: Self, right: Self) -> Bool { left.number == right.number }
    static func < (left: Self, right: Self) -> Bool {
      (left.instant, left.number) < (right.instant, right.number)
    }
  }

  private var heap = Heap<Entry>()
  private var lastNumber = 0

  mutating func schedule(at instant: MonotonicInstant, _ action: @escaping () -> Void) {
    lastNumber += 1
    heap.insert(Entry(instant: instant, number: lastNumber, action: action))
  }

  /// Takes out what happens next; nil if it does not happen before or at `end`.
  mutating func next(until end: MonotonicInstant) -> (instant: MonotonicInstant, action: () -> Void)? {
    guard let first = heap.min, first.instant <= end else { return nil }
    heap.removeMin()
    return (first.instant, first.action)
  }
}
