import Dispatch
import Synchronization
import TestKit
import Testing
import Time

@testable import EventLoops

@Suite("Threads for calls that block")
struct BlockingThreadsTests {
  private final class Level: Sendable {
    let counts = Mutex((now: 0, highest: 0, done: 0))

    func enter() {
      counts.withLock { counts in
        counts.now += 1
        counts.highest = max(counts.highest, counts.now)
      }
    }

    func leave() {
      counts.withLock { counts in
        counts.now -= 1
        counts.done += 1
      }
    }
  }

  @Test("a hundred calls that hang take no more threads than there are, none of Dispatch's, and all are made")
  func bounded() async throws {
    let threads = BlockingThreads("test", maximum: 3)
    let level = Level()
    let gate = DispatchSemaphore(value: 0)
    for _ in 0..<100 {
      threads.run {
        level.enter()
        gate.wait()
        level.leave()
      }
    }
    try await eventually("three run at once") { level.counts.withLock { $0.now } == 3 }
    #expect(threads.load == (3, 97))
    // Dispatch's pool, which has as many threads as the machine cores, is free.
    let isFree = await withCheckedContinuation { continuation in
      let started = MonotonicInstant.now()
      DispatchQueue.global().async {
        continuation.resume(returning: MonotonicInstant.now().duration(since: started) < .milliseconds(900))
      }
    }
    #expect(isFree)
    for _ in 0..<100 { gate.signal() }
    try await eventually("a hundred are done") { level.counts.withLock { $0.done } == 100 }
    #expect(level.counts.withLock { $0.highest } == 3)
    try await eventually("no thread has work") { threads.load == (0, 0) }
    threads.run { level.leave() }
    try await eventually("one more is done") { level.counts.withLock { $0.done } == 101 }
  }

  @Test("what waits is done in its order")
  func order() async throws {
    let threads = BlockingThreads("test", maximum: 1)
    let done = Mutex<[Int]>([])
    for number in 0..<50 { threads.run { done.withLock { $0.append(number) } } }
    try await eventually("all fifty are done") { done.withLock { $0.count } == 50 }
    #expect(done.withLock { $0 } == Array(0..<50))
  }
}
