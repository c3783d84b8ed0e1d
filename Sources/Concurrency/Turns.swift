internal import Synchronization
public import Time

/// Lets a few callers at a time do something, in the order in which they come. Where they would wait for each other anyway,
/// such as for one lock of a database, those whose turn has not come hold nothing meanwhile.
public final class Turns: Sendable {
  /// Why a caller gave up before its turn came.
  public enum Refusal: Error, Sendable {
    case timedOut
    case cancelled
  }

  private typealias Turn = SingleFlight<Void>

  private struct State {
    var taken = 0
    /// Who waits, first come first.
    var coming: [Turn] = []
  }

  private let atOnce: Int
  private let state = Mutex(State())

  /// - Parameter atOnce: how many have their turn at the same time; at least 1.
  public init(atOnce: Int) { self.atOnce = max(1, atOnce) }

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
    let turn = state.withLock { state -> Turn? in
      guard state.taken < atOnce else {
        let turn = Turn(began: clock.now(), deadline: deadline)
        state.coming.append(turn)
        return turn
      }
      state.taken += 1
      return nil
    }
    if let turn {
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
      guard state.coming.isEmpty else { return state.coming.removeFirst() }
      state.taken -= 1
      return nil
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
