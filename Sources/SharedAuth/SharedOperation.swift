internal import EventLoops
internal import Synchronization
public import Time

/// A piece of work that is done once while any number of tasks wait for its result, each with its own deadline. It
/// belongs to none of them: one that gives up or is cancelled disturbs neither the work nor the others.
public final class SharedOperation<Value: Sendable>: Sendable {
  /// What a waiting task got.
  public enum Outcome: Sendable {
    case finished(Value)
    case timedOut
    case cancelled
  }

  private struct State {
    var value: Value?
    var waiters: [Int: CheckedContinuation<Outcome, Never>] = [:]
    var nextWaiter = 0
  }

  private let state = Mutex(State())

  /// When the work ought to have ended. One that overruns it has failed to keep its own deadline, and whoever finds
  /// it so may replace it.
  public let deadline: MonotonicInstant

  public init(deadline: MonotonicInstant) { self.deadline = deadline }

  /// Begins the work, on the event loop of the caller if there is one. Call it once.
  public func start(_ work: @escaping @Sendable () async -> Value) {
    if let loop = EventLoop.current {
      Task.detached(executorPreference: loop) { self.finish(await work()) }
    } else {
      Task.detached { self.finish(await work()) }
    }
  }

  private func finish(_ value: Value) {
    let waiters = state.withLock { state in
      state.value = value
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume(returning: .finished(value)) }
  }

  /// Waits for the result.
  /// - Parameter deadline: when to give up. Outside the event loops, where there are no timers, the work's own
  ///   deadline is the only bound.
  public func outcome(
    before deadline: MonotonicInstant,
    isolation: isolated (any Actor)? = #isolation
  ) async -> Outcome {
    let waiter = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    let timer = EventLoop.current?.schedule(at: deadline) { self.giveUp(waiter, .timedOut) }
    defer { timer?.cancel() }
    // The closure captures the isolation because one of no stated isolation would run off the loop.
    return await withTaskCancellationHandler {
      _ = isolation
      return await withCheckedContinuation { continuation in
        let settled: Outcome? = state.withLock { state in
          if let value = state.value { return .finished(value) }
          if Task.isCancelled { return .cancelled }
          state.waiters[waiter] = continuation
          return nil
        }
        if let settled { continuation.resume(returning: settled) }
      }
    } onCancel: {
      giveUp(waiter, .cancelled)
    }
  }

  private func giveUp(_ waiter: Int, _ outcome: Outcome) {
    let continuation = state.withLock { $0.waiters.removeValue(forKey: waiter) }
    continuation?.resume(returning: outcome)
  }
}
