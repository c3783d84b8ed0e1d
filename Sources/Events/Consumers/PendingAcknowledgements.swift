internal import Time

/// Deliveries that are handled and not yet deleted: they are deleted in batches, as soon as there are enough, or when the
/// first has waited long enough.
struct PendingAcknowledgements: Equatable, Sendable {
  private struct Entry: Equatable, Sendable {
    let number: UInt64
    /// Tries that failed.
    var tries = 0
  }

  /// Attempts for one delivery; after that its message is delivered again, and its handler is idempotent.
  private static let maximumTries = 3

  private var waiting: [Entry] = []
  private var inFlight: [Entry] = []
  /// Batches that are being deleted.
  private var batches = 0
  /// Given up, and not yet said so.
  private var givenUp: [UInt64] = []
  /// When to delete what waits, however little.
  private(set) var due: MonotonicInstant?
  /// Whether all that waits is deleted at once.
  private var isFlushing = false

  var isEmpty: Bool { waiting.isEmpty && batches == 0 && givenUp.isEmpty }

  mutating func add(_ number: UInt64, until end: MonotonicInstant) {
    waiting.append(Entry(number: number))
    due = due ?? end
  }

  /// A batch has ended.
  /// - Parameter end: what could not be deleted is retried then: not at once.
  mutating func ended(_ numbers: [UInt64], failed: [UInt64], until end: MonotonicInstant) {
    let ended = inFlight.filter { numbers.contains($0.number) }
    guard !ended.isEmpty else { return }
    inFlight.removeAll { numbers.contains($0.number) }
    batches -= 1
    for var entry in ended where failed.contains(entry.number) {
      entry.tries += 1
      if entry.tries < Self.maximumTries {
        waiting.append(entry)
        due = due ?? end
      } else {
        givenUp.append(entry.number)
      }
    }
  }

  mutating func takeGivenUp() -> [UInt64] {
    defer { givenUp = [] }
    return givenUp
  }

  /// What to delete now; empty while there is nothing.
  /// - Parameter isLast: whether nothing else will come.
  mutating func batch(of size: Int, isLast: Bool, at now: MonotonicInstant) -> [UInt64] {
    guard !waiting.isEmpty else {
      (isFlushing, due) = (false, nil)
      return []
    }
    let isFull = waiting.count >= size && waiting.contains { $0.tries == 0 }
    guard isFlushing || isFull || isLast || due.map({ $0 <= now }) ?? false else { return [] }
    isFlushing = true
    let batch = Array(waiting.prefix(max(1, min(10, size))))
    waiting.removeFirst(batch.count)
    inFlight += batch
    batches += 1
    return batch.map(\.number)
  }
}
