internal import Synchronization
internal import Time

/// Says to the services of a process that it stops, and when each part of that is to be over.
final class Stopping: Sendable {
  private struct State {
    var plan: StopPlan?
    var waiting: [CheckedContinuation<StopPlan, Never>] = []
  }

  private let state = Mutex(State())

  /// Only the first plan counts.
  /// - Returns: the plan that counts.
  @discardableResult
  func begin(_ plan: StopPlan) -> StopPlan {
    let (plan, waiting) = state.withLock { state in
      let plan = state.plan ?? plan
      state.plan = plan
      defer { state.waiting = [] }
      return (plan, state.waiting)
    }
    for continuation in waiting { continuation.resume(returning: plan) }
    return plan
  }

  /// Waits for the stop to begin.
  func begun() async -> StopPlan {
    await withCheckedContinuation { continuation in
      let plan = state.withLock { state -> StopPlan? in
        if state.plan == nil { state.waiting.append(continuation) }
        return state.plan
      }
      if let plan { continuation.resume(returning: plan) }
    }
  }
}
