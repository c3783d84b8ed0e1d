internal import Synchronization

/// How one event loop has been doing, for metrics.
public struct EventLoopStatistics: Sendable {
  /// How often it has gone round since it started.
  public var turns: UInt64
  /// The time it has spent working rather than waiting on epoll, since it started.
  public var busy: Duration
  /// The longest turn of the last 15 to 30 seconds: how long something that became ready may have had to wait.
  public var longestTurn: Duration
  /// Jobs that were ready when its last turn began to run them.
  public var readyJobs: Int
}

/// What a loop's thread writes down once a turn and other threads read. One writer, so that plain stores do.
final class LoopMeter: Sendable {
  private static let window: UInt64 = 15_000_000_000

  private let turns = Atomic<UInt64>(0)
  private let busy = Atomic<UInt64>(0)
  private let last = Atomic<UInt64>(0)
  private let readyJobs = Atomic<Int>(0)
  private let windowStart = Atomic<UInt64>(0)
  private let longest = Atomic<UInt64>(0)
  private let longestBefore = Atomic<UInt64>(0)

  /// How long the last turn took, in nanoseconds.
  var lastTurn: UInt64 { last.load(ordering: .relaxed) }

  /// Notes a turn. The loop's thread only.
  func note(started: UInt64, ended: UInt64, readyJobs jobs: Int) {
    let length = ended &- started
    last.store(length, ordering: .relaxed)
    turns.store(turns.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    busy.store(busy.load(ordering: .relaxed) &+ length, ordering: .relaxed)
    readyJobs.store(jobs, ordering: .relaxed)
    let age = ended &- windowStart.load(ordering: .relaxed)
    if age > Self.window {
      let passed = age > 2 * Self.window ? 0 : longest.load(ordering: .relaxed)
      longestBefore.store(passed, ordering: .relaxed)
      longest.store(length, ordering: .relaxed)
      windowStart.store(ended, ordering: .relaxed)
    } else if length > longest.load(ordering: .relaxed) {
      longest.store(length, ordering: .relaxed)
    }
  }

  /// - Parameter now: in nanoseconds of the monotonic clock. A loop that has slept for two windows had no long turn.
  func statistics(now: UInt64) -> EventLoopStatistics {
    let start = windowStart.load(ordering: .relaxed)
    let age = now > start ? now - start : 0
    var worst: UInt64 = 0
    if age <= Self.window { worst = longestBefore.load(ordering: .relaxed) }
    if age <= 2 * Self.window { worst = max(worst, longest.load(ordering: .relaxed)) }
    return EventLoopStatistics(
      turns: turns.load(ordering: .relaxed),
      busy: .nanoseconds(Int64(clamping: busy.load(ordering: .relaxed))),
      longestTurn: .nanoseconds(Int64(clamping: worst)),
      readyJobs: readyJobs.load(ordering: .relaxed)
    )
  }
}
