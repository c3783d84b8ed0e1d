internal import Synchronization
public import Time

/// A piece of work that is done once while any number of tasks wait for its result, each with its own deadline. It
/// belongs to none of them: one that gives up or is cancelled disturbs neither the work nor the others.
public final class SingleFlight<Value: Sendable>: Sendable {
  /// What a waiting task got.
  public enum Outcome: Sendable {
    case finished(Value)
    case timedOut
    case cancelled
  }

  /// A task that is about to wait, waits, or need not any more.
  private enum Waiter {
    case coming
    case waiting(UnsafeContinuation<Outcome, Never>)
    case over(Outcome)
  }

  private struct State {
    var value: Value?
    var waiters: [Int: Waiter] = [:]
    var nextWaiter = 0
  }

  private let state = Mutex(State())

  public let began: MonotonicInstant
  /// When the work ought to have ended. One that overruns it has failed to keep its own deadline, and whoever finds
  /// it so may replace it.
  public let deadline: MonotonicInstant

  public init(began: MonotonicInstant, deadline: MonotonicInstant) {
    self.began = began
    self.deadline = deadline
  }

  /// Begins the work, where the caller's task prefers to run and with its task-local values, so that a call belongs to
  /// the trace of whoever caused it. Call it once.
  public func start(_ work: @escaping @Sendable () async -> Value) {
    Task(executorPreference: preferredExecutor()) { self.finish(await work()) }
  }

  /// Gives the result to all who wait. Whoever does the work without `start` calls it, once.
  func finish(_ value: Value) {
    let waiters = state.withLock { state in
      state.value = value
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for case .waiting(let continuation) in waiters { continuation.resume(returning: .finished(value)) }
  }

  /// Waits for the result.
  /// - Parameters:
  ///   - deadline: when to give up.
  ///   - clock: what the deadline is measured by.
  public func outcome(
    before deadline: MonotonicInstant,
    clock: some MonotonicClock,
    isolation: isolated (any Actor)? = #isolation
  ) async -> Outcome {
    let waiter = state.withLock { state in
      state.nextWaiter += 1
      state.waiters[state.nextWaiter] = .coming
      return state.nextWaiter
    }
    let timer = clock.schedule(at: deadline) { self.giveUp(waiter, .timedOut) }
    defer { timer.cancel() }
    return await withCancellableContinuation { continuation in
      let settled: Outcome? = state.withLock { state in
        if let value = state.value { return .finished(value) }
        if case .over(let outcome) = state.waiters[waiter] {
          state.waiters[waiter] = nil
          return outcome
        }
        state.waiters[waiter] = .waiting(continuation)
        return nil
      }
      if let settled { continuation.resume(returning: settled) }
    } onCancel: {
      giveUp(waiter, .cancelled)
    }
  }

  /// Timer and cancellation come from any thread, and may come before the task waits.
  private func giveUp(_ waiter: Int, _ outcome: Outcome) {
    let continuation: UnsafeContinuation<Outcome, Never>? = state.withLock { state in
      switch state.waiters[waiter] {
      case .waiting(let continuation):
        state.waiters[waiter] = nil
        return continuation
      case .coming: state.waiters[waiter] = .over(outcome)
      case .over, nil: break
      }
      return nil
    }
    continuation?.resume(returning: outcome)
  }
}
