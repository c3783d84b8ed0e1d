import Concurrency
import Synchronization
import TestKit
import Testing
import Time

@Suite struct TurnsTests {
  private let clock = ManualClock()
  private let turns = Turns(atOnce: 1)

  /// A caller whose turn lasts until `end` is told.
  private final class Caller: Sendable {
    let task: Task<Void, any Error>
    let end: AsyncStream<Never>.Continuation

    init(_ name: Int, _ turns: Turns, _ clock: ManualClock, _ order: Order, limit: Duration = .seconds(10)) {
      let (gate, end) = AsyncStream<Never>.makeStream()
      self.end = end
      task = Task {
        try await turns.take(before: clock.now() + limit, clock: clock) {
          order.begun.withLock { $0.append(name) }
          for await _ in gate {}
        }
      }
    }
  }

  private final class Order: Sendable {
    let begun = Mutex<[Int]>([])
    var list: [Int] { begun.withLock { $0 } }
  }

  /// `count` callers, of which the first has its turn and the others wait in their order.
  private func callers(_ count: Int, _ order: Order) async throws -> [Caller] {
    var callers: [Caller] = []
    for number in 0..<count {
      callers.append(Caller(number, turns, clock, order))
      try await eventually("caller \(number) has come") {
        number == 0 ? order.list == [0] : clock.timers == number
      }
    }
    return callers
  }

  @Test("One after the other, in the order in which they came")
  func order() async throws {
    let order = Order()
    let callers = try await callers(4, order)
    for (number, caller) in callers.enumerated() {
      #expect(order.list == Array(0...number))
      caller.end.finish()
      try await caller.task.value
      try await eventually("the next has its turn") { order.list.count == min(number + 2, 4) }
    }
    #expect(clock.timers == 0)
  }

  @Test("Who gives up, by time or because it is cancelled, has no turn and keeps nobody from theirs")
  func givingUp() async throws {
    let order = Order()
    let callers = try await callers(4, order)
    callers[1].task.cancel()
    await #expect(throws: Turns.Refusal.cancelled) { try await callers[1].task.value }
    clock.advance(by: .seconds(10))
    await #expect(throws: Turns.Refusal.timedOut) { try await callers[2].task.value }
    await #expect(throws: Turns.Refusal.timedOut) { try await callers[3].task.value }
    let last = Caller(4, turns, clock, order)
    try await eventually("the last waits") { clock.timers == 1 }
    callers[0].end.finish()
    last.end.finish()
    try await last.task.value
    #expect(order.list == [0, 4])
  }

  @Test("A turn that comes as its caller gives up goes to the next", arguments: 0..<50)
  func race(round: Int) async throws {
    let order = Order()
    let callers = try await callers(3, order)
    for caller in callers { caller.end.finish() }
    callers[1].task.cancel()
    try await callers[0].task.value
    try await callers[2].task.value
    #expect(order.list.first == 0 && order.list.last == 2)
  }

  @Test("As many at once as may be")
  func several() async throws {
    let turns = Turns(atOnce: 2)
    let order = Order()
    let callers = (0..<5).map { Caller($0, turns, clock, order) }
    try await eventually("two have their turn and three wait") { order.list.count == 2 && clock.timers == 3 }
    for caller in callers { caller.end.finish() }
    for caller in callers { try await caller.task.value }
    #expect(Set(order.list) == Set(0..<5))
  }

  @Test("What throws ends its turn")
  func failure() async throws {
    struct Failure: Error {}
    await #expect(throws: Failure.self) {
      try await turns.take(before: clock.now(), clock: clock) { throw Failure() }
    }
    #expect(try await turns.take(before: clock.now(), clock: clock) { 7 } == 7)
  }
}
