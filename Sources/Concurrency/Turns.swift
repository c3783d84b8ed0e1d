internal import Synchronization
public import Time

/// Lets callers do something one after the other, in the order in which they come. Where they would wait for each other
/// anyway, such as for one lock of a database, those whose turn has not come hold nothing meanwhile.
public final class Turns: Sendable {
  /// Why a caller gave up before its turn came.
  public enum Refusal: Error, Sendable {
    case timedOut
    case cancelled
  }

  private typealias Turn = SingleFlight<Void>

  private struct State {
    var isTaken = false
    /// Who waits, first come first.
    var coming: [Turn] = []
  }

  private let state = Mutex(State())

  public init() {}

  /// Runs `body` when its turn comes.
  /// - Parameters:
  ///   - deadline: when to give up waiting; what `body` takes is its own affair.
  ///   - clock: what the deadline is measured by.
  /// - Throws: what `body` throws; ``Refusal`` when its turn did not come.
  public func take<Value>(
    before deadline: MonotonicInstant,
    clock: some MonotonicClock,
    isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws -> Value
  ) async throws -> Value {
    let turn = Turn(began: clock.now(), deadline: deadline)
    let mustWait = state.withLock { state in
      if state.isTaken { state.coming.append(turn) }
      defer { state.isTaken = true }
      return state.isTaken
    }
    if mustWait {
      switch await turn.outcome(before: deadline, clock: clock) {
      case .finished: break
      case .timedOut: try giveUp(turn, .timedOut)
      case .cancelled: try giveUp(turn, .cancelled)
      }
    }
    defer { pass() }
    return try await body()
  }

  /// Begins the next turn.
  private func pass() {
    let next = state.withLock { state -> Turn? in
      state.isTaken = !state.coming.isEmpty
      return state.isTaken ? state.coming.removeFirst() : nil
    }
    next?.finish(())
  }

  private func giveUp(_ turn: Turn, _ refusal: Refusal) throws(Refusal) {
    let wasComing = state.withLock { state in
      let place = state.coming.firstIndex { $0 === turn }
      if let place { state.coming.remove(at: place) }
      return place != nil
    }
    // It came in the moment in which the caller gave up.
    if !wasComing { pass() }
    throw refusal
  }
}
