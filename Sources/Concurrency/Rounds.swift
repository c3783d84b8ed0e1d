internal import Synchronization
public import Time

/// Work that is done again and again, with a pause after each round, until it is stopped. The pauses go by the clock that
/// is passed in, so that tests can move it.
public final class Rounds: Sendable {
  private let first: Duration
  private let interval: Duration
  private let backOff: BackOff?
  private let clock: any MonotonicClock
  private let running = Mutex<Task<Void, Never>?>(nil)

  /// - Parameters:
  ///   - interval: from the end of a round to the next.
  ///   - first: the pause before the first round; the interval, unless told otherwise.
  ///   - backOff: the pauses after rounds that fail; the interval, unless told otherwise.
  ///   - clock: one whose timers may be set where the rounds are.
  public init(
    every interval: Duration,
    first: Duration? = nil,
    backOff: BackOff? = nil,
    clock: any MonotonicClock
  ) {
    self.interval = interval
    self.first = first ?? interval
    self.backOff = backOff
    self.clock = clock
  }

  /// Runs until the task is cancelled; a round that is going on then comes to its own end.
  /// - Parameter round: returns whether it succeeded.
  public func run(_ round: () async -> Bool) async {
    var backOff = backOff
    var pause = first
    while await clock.pause(for: pause) {
      if await round() {
        backOff?.reset()
        pause = interval
      } else {
        pause = backOff?.next() ?? interval
      }
    }
  }

  /// Begins, in a task of its own; does nothing if it has begun.
  /// - Parameters:
  ///   - executor: where the rounds are.
  ///   - round: returns whether it succeeded.
  public func start(on executor: (any TaskExecutor)? = nil, _ round: @escaping @Sendable () async -> Bool) {
    running.withLock { running in
      if running == nil {
        running = Task.detached(executorPreference: executor) { await self.run(round) }
      }
    }
  }

  /// Ends what ``start(on:_:)`` began, without waiting for the round that is going on.
  public func cancel() { running.withLock { $0 }?.cancel() }

  /// Ends what ``start(on:_:)`` began, and returns when the round that is going on has ended.
  public func stop() async {
    let running = running.withLock { $0 }
    running?.cancel()
    await running?.value
  }
}
