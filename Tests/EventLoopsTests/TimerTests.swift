import Testing
import Time

@testable import EventLoops

/// What timers of a loop have done, on that loop.
private actor Record {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private var fired: [Int] = []
  private var timers: [ScheduledTimer] = []
  private let done = Mailbox<Void>()

  init(on loop: EventLoop) { self.loop = loop }

  /// Sets timers at `offsets` nanoseconds from one instant, and one at the end of all.
  func set(_ offsets: [UInt64], cancelling: (Int) -> Bool = { _ in false }) async throws -> [Int] {
    let start = MonotonicInstant.now().nanoseconds
    for (index, offset) in offsets.enumerated() {
      timers.append(
        loop.schedule(at: MonotonicInstant(nanoseconds: start + offset)) { [unowned self] in
          assumeIsolated { $0.fired.append(index) }
        }
      )
    }
    for (index, timer) in timers.enumerated() where cancelling(index) { timer.cancel() }
    _ = loop.schedule(at: MonotonicInstant(nanoseconds: start + (offsets.max() ?? 0) + 1)) { [done] in
      done.put()
    }
    try await done.take()
    return fired
  }

  /// Two timers due in one turn, the first of which cancels the second.
  func cancelWithinATurn() async throws -> [Int] {
    let now = MonotonicInstant.now()
    let second = loop.schedule(at: now + .nanoseconds(1)) { [unowned self] in
      assumeIsolated { $0.fired.append(2) }
    }
    _ = loop.schedule(at: now) { [unowned self] in
      assumeIsolated { $0.fired.append(1) }
      second.cancel()
    }
    _ = loop.schedule(at: now + .nanoseconds(2)) { [done] in done.put() }
    try await done.take()
    second.cancel()
    return fired
  }
}

@Suite("Timers")
struct TimerTests {
  @Test("fire in the order of their deadlines")
  func order() async throws {
    #expect(try await Record(on: Loops.first).set([3_000_000, 1_000_000, 2_000_000, 0]) == [3, 1, 2, 0])
  }

  @Test("of equal deadlines fire in the order they were set")
  func equalDeadlines() async throws {
    let count = 500
    let fired = try await Record(on: Loops.first).set([UInt64](repeating: 1_000_000, count: count))
    #expect(fired == Array(0..<count))
  }

  @Test("ten thousand fire, each once and in order")
  func many() async throws {
    var random = FixedGenerator(state: 1)
    let offsets = (0..<10_000).map { _ in UInt64.random(in: 0...30_000_000, using: &random) }
    let fired = try await Record(on: Loops.first).set(offsets)
    let expected = offsets.indices.sorted { (offsets[$0], $0) < (offsets[$1], $1) }
    #expect(fired == expected)
  }

  @Test("cancelled ones do not fire, the others do")
  func cancelled() async throws {
    let fired = try await Record(on: Loops.first)
      .set([UInt64](repeating: 1_000_000, count: 1000), cancelling: { $0 % 3 != 0 })
    #expect(fired == (0..<1000).filter { $0 % 3 == 0 })
  }

  @Test("one that is due in the same turn can still be cancelled by an earlier one")
  func cancelledWithinATurn() async throws {
    #expect(try await Record(on: Loops.first).cancelWithinATurn() == [1])
  }

  @Test("one that is set again for an instant long past does not keep the loop from other work")
  func alwaysDue() async throws {
    let isOver = Mailbox<Void>()
    let loop = Loops.first
    let other = Mailbox<Void>()
    try await onLoop(loop) { Again(loop, until: other).arm(then: isOver) }
    loop.execute { other.put() }
    try await isOver.take()
  }

  @Test("those cancelled are dropped long before they are due")
  func cancelledAreDropped() {
    let queue = TimerQueue()
    let far = MonotonicInstant(nanoseconds: .max)
    let kept = (0..<10).map { _ in queue.schedule(at: far) {} }
    for _ in 0..<100_000 { queue.schedule(at: far) {}.cancel() }
    #expect(queue.count == 10)
    #expect(queue.held < 200)
    for timer in kept { timer.cancel() }
    #expect(queue.nextDeadline() == nil)
    #expect(queue.held == 0)
  }

  @Test("one may outlive its queue, and be cancelled then")
  func outlivesItsQueue() {
    var queue: TimerQueue? = TimerQueue()
    let timer = queue?.schedule(at: .now()) {}
    queue = nil
    timer?.cancel()
    #expect(timer?.isCancelled == true)
  }

  @Test("one that fired is no longer counted, even when cancelled afterwards")
  func countAfterFiring() throws {
    let queue = TimerQueue()
    let timer = queue.schedule(at: MonotonicInstant(nanoseconds: 1)) {}
    let due = queue.takeDue(.now())
    #expect(due.count == 1)
    timer.cancel()
    #expect(queue.count == 0)
    #expect(queue.schedule(at: .now()) {}.isCancelled == false)
    #expect(queue.count == 1)
  }
}

/// Sets a timer that is always due, until another thread's word comes.
private final class Again {
  private let loop: EventLoop
  private let isOver = Flag()

  init(_ loop: EventLoop, until word: Mailbox<Void>) {
    self.loop = loop
    let isOver = isOver
    Task {
      try await word.take()
      isOver.set()
    }
  }

  func arm(then done: Mailbox<Void>) {
    if isOver.isSet {
      done.put()
    } else {
      _ = loop.schedule(at: MonotonicInstant(nanoseconds: 0)) { self.arm(then: done) }
    }
  }
}
