import Glibc
import TestKit
import Testing

@testable import EventLoops

@Suite("What a loop tells of itself")
struct StatisticsTests {
  @Test("A turn that takes long shows, and counts as work")
  func longTurn() async throws {
    let before = Loops.second.statistics
    try await onLoop(Loops.second) { _ = usleep(30_000) }
    // The turn is noted when it ends, which is after the job in it.
    try await eventually("the loop has been busy for 30 ms") {
      Loops.second.statistics.busy >= before.busy + .milliseconds(30)
    }
    let after = Loops.second.statistics
    #expect(after.turns > before.turns)
    #expect(after.longestTurn >= .milliseconds(30))
  }

  @Test("The longest turn is forgotten within two windows, whether or not the loop goes on turning")
  func windows() {
    let meter = LoopMeter()
    let second: UInt64 = 1_000_000_000
    let start = 100 * second
    meter.note(started: start, ended: start + 5, readyJobs: 1)
    meter.note(started: start + second, ended: start + second + 700, readyJobs: 4)
    meter.note(started: start + 2 * second, ended: start + 2 * second + 3, readyJobs: 2)
    #expect(meter.statistics(now: start + 3 * second).longestTurn == .nanoseconds(700))
    #expect(meter.statistics(now: start + 3 * second).readyJobs == 2)
    #expect(meter.statistics(now: start + 29 * second).longestTurn == .nanoseconds(700))
    #expect(meter.statistics(now: start + 31 * second).longestTurn == .zero)
    meter.note(started: start + 20 * second, ended: start + 20 * second + 9, readyJobs: 0)
    #expect(meter.statistics(now: start + 21 * second).longestTurn == .nanoseconds(700))
    meter.note(started: start + 40 * second, ended: start + 40 * second + 2, readyJobs: 0)
    #expect(meter.statistics(now: start + 41 * second).longestTurn == .nanoseconds(9))
    meter.note(started: start + 200 * second, ended: start + 200 * second + 1, readyJobs: 0)
    #expect(meter.statistics(now: start + 200 * second).longestTurn == .nanoseconds(1))
    #expect(meter.statistics(now: start + 200 * second).turns == 6)
  }
}
