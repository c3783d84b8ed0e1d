import Dispatch
import EventLoops
import Foundation
import Synchronization
import TestKit
import Testing
import Time

/// A switch that any thread may turn on.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
}

private actor Counter {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private(set) var count = 0

  init(on loop: EventLoop) { self.loop = loop }

  func increment() -> Bool {
    count += 1
    return loop.isCurrent
  }

  func increment(through other: Counter) async -> Bool {
    count += 1
    let there = await other.increment()
    return there && loop.isCurrent
  }
}

@Suite("Event loop as executor")
struct ExecutorTests {
  @Test("an actor bound to a loop runs on it")
  func actorRunsOnItsLoop() async {
    for loop in Loops.group.loops {
      #expect(await Counter(on: loop).increment())
    }
    #expect(EventLoop.current == nil)
  }

  @Test("a task that prefers a loop runs on it, and so do its child tasks and async functions")
  func taskPrefersLoop() async throws {
    let loop = Loops.second
    let places = try await onLoop(loop) {
      var places = [EventLoop.current?.index]
      await Task.yield()
      places.append(EventLoop.current?.index)
      async let child = EventLoop.current?.index
      places.append(await child)
      try await Task.sleep(for: .milliseconds(1))
      places.append(EventLoop.current?.index)
      return places
    }
    #expect(places == [loop.index, loop.index, loop.index, loop.index])
  }

  @Test("actors of two loops call each other and come back")
  func acrossLoops() async throws {
    let first = Counter(on: Loops.first)
    let second = Counter(on: Loops.second)
    for _ in 0..<1000 { #expect(await first.increment(through: second)) }
    #expect(await first.count == 1000)
    #expect(await second.count == 1000)
  }

  @Test(
    "no wake-up is lost in a hundred thousand calls from other threads, each of which waits for its answer"
  )
  func callsFromOtherThreads() async {
    let counter = Counter(on: Loops.first)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<12_500 { _ = await counter.increment() } }
      }
    }
    #expect(await counter.count == 100_000)
  }

  @Test("every one of a hundred thousand actions handed over by threads runs once, on the loop")
  func actionsFromOtherThreads() async throws {
    let loop = Loops.second
    let ran = Atomic<Int>(0)
    let elsewhere = Atomic<Int>(0)
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
          for _ in 0..<25_000 {
            loop.execute {
              ran.add(1, ordering: .relaxed)
              if !loop.isCurrent { elsewhere.add(1, ordering: .relaxed) }
            }
          }
        }
        loop.execute { continuation.resume() }
      }
    }
    #expect(ran.load(ordering: .relaxed) == 100_000)
    #expect(elsewhere.load(ordering: .relaxed) == 0)
  }

  @Test("actions that one thread hands over run in its order")
  func actionsInOrder() async throws {
    let loop = Loops.first
    let box = Mailbox<Int>()
    for number in 0..<1000 { loop.execute { box.put(number) } }
    for number in 0..<1000 { #expect(try await box.take() == number) }
  }

  @Test("jobs that never end making jobs do not keep timers from firing")
  func jobsDoNotStarveTimers() async throws {
    let isOver = Flag()
    let loop = Loops.first
    try await onLoop(loop) {
      _ = loop.schedule(after: .milliseconds(5)) { isOver.set() }
      while !isOver.isSet { await Task.yield() }
    }
  }

  @Test("work for the end of a turn that always adds more does not keep the loop from the rest")
  func endOfTickDoesNotStarve() async throws {
    let isOver = Flag()
    let loop = Loops.first
    try await onLoop(loop) { EndlessTail(loop, until: isOver).add() }
    try await onLoop(loop) {}
    isOver.set()
  }

  @Test("work for the end of a turn runs after the jobs that are ready")
  func endOfTickComesLast() async throws {
    let loop = Loops.first
    let order = try await onLoop(loop) {
      let order = Mutex<[String]>([])
      let written = Mailbox<Void>()
      loop.atEndOfTick {
        order.withLock { $0.append("tail") }
        written.put()
      }
      await Task.yield()
      order.withLock { $0.append("job") }
      try await written.take()
      return order.withLock { $0 }
    }
    #expect(order == ["job", "tail"])
  }

  @Test("a loop knows how long its last turn took")
  func turnDuration() async throws {
    let loop = Loops.first
    try await onLoop(loop) {
      let end = MonotonicInstant.now() + .milliseconds(20)
      while MonotonicInstant.now() < end {}
    }
    try await eventually("the loop has taken a turn") { loop.lastTurnDuration > .zero }
  }
}

private final class EndlessTail {
  private let loop: EventLoop
  private let isOver: Flag

  init(_ loop: EventLoop, until isOver: Flag) {
    self.loop = loop
    self.isOver = isOver
  }

  func add() {
    if !isOver.isSet { loop.atEndOfTick { self.add() } }
  }
}
