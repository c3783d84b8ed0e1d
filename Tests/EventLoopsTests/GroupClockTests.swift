import EventLoops
import Synchronization
import TestKit
import Testing
import Time

@Suite("The clock of a group of loops")
struct GroupClockTests {
  private let fired = Fired()

  private final class Fired: Sendable {
    private let list = Mutex<[String]>([])

    var all: [String] { list.withLock { $0 } }
    func note(_ name: String) { list.withLock { $0.append(name) } }
  }

  private final class Kept: Sendable {
    let timer = Mutex<EventLoopGroup.Timer?>(nil)
  }

  /// On a thread of its own, which is no loop's.
  private func offLoop(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { done in
      BlockingThreads("off-loop", maximum: 1).run {
        body()
        done.resume()
      }
    }
  }

  @Test("A timer that is set on a loop fires there; one that is set elsewhere fires too, in its time")
  func fires() async throws {
    let fired = fired
    let start = Loops.group.now()
    try await onLoop(Loops.second) {
      _ = Loops.group.schedule(at: start + .milliseconds(5)) {
        fired.note(Loops.second.isCurrent ? "own loop" : "other loop")
      }
    }
    try await eventually("the loop's own timer has fired") { fired.all == ["own loop"] }
    await offLoop {
      _ = Loops.group.schedule(at: start + .milliseconds(30)) {
        fired.note(EventLoop.current == nil ? "no loop" : "a loop")
      }
    }
    try await eventually("the other timer has fired") { fired.all.count == 2 }
    #expect(fired.all.last == "a loop")
    #expect(Loops.group.now() >= start + .milliseconds(30))
  }

  @Test("A timer that is cancelled, on its loop or from any thread, does not fire")
  func cancelled() async throws {
    let fired = fired
    let late = Loops.group.now() + .milliseconds(50)
    let elsewhere = Kept()
    try await onLoop(Loops.first) {
      let own = Loops.group.schedule(at: late) { fired.note("cancelled on its loop") }
      own.cancel()
      elsewhere.timer.withLock { $0 = Loops.group.schedule(at: late) { fired.note("cancelled elsewhere") } }
      _ = Loops.group.schedule(at: late + .milliseconds(1)) { fired.note("last") }
    }
    await offLoop {
      elsewhere.timer.withLock { $0 }?.cancel()
      Loops.group.schedule(at: late) { fired.note("cancelled at once") }.cancel()
    }
    try await eventually("the last timer has fired") { fired.all.contains("last") }
    // Each loop has had its turn after the instant of all.
    for loop in Loops.group.loops { try await onLoop(loop) {} }
    #expect(fired.all == ["last"])
  }
}
