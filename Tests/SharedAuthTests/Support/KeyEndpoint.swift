import Synchronization
import Time

@testable import SharedAuth

/// A JWKS endpoint that tests steer: what it answers, and whether it keeps its callers waiting.
final class KeyEndpoint: Sendable {
  struct Down: Error {}

  private struct State {
    var answer: Result<[UInt8], Down>
    var begun: [MonotonicInstant] = []
    var isHeld = false
    var held: [CheckedContinuation<Void, Never>] = []
  }

  private let state: Mutex<State>

  init(_ keySet: String?) {
    state = Mutex(State(answer: Self.answer(keySet)))
  }

  private static func answer(_ keySet: String?) -> Result<[UInt8], Down> {
    keySet.map { .success(SignedTokens.shared.keySet($0)) } ?? .failure(Down())
  }

  /// - Parameter keySet: the name of a set of `make_tokens.py`; nil for an endpoint that is down.
  func serve(_ keySet: String?) { state.withLock { $0.answer = Self.answer(keySet) } }

  func serve(text: String) { state.withLock { $0.answer = .success(Array(text.utf8)) } }

  /// Fetches from now on wait for `release()`.
  func hold() { state.withLock { $0.isHeld = true } }

  func release() {
    let held = state.withLock { state in
      state.isHeld = false
      defer { state.held = [] }
      return state.held
    }
    for continuation in held { continuation.resume() }
  }

  var fetches: Int { begun.count }
  /// When fetches began, in their order.
  var begun: [MonotonicInstant] { state.withLock(\.begun) }
  var waiting: Int { state.withLock(\.held.count) }

  func fetch(began: MonotonicInstant) async throws -> [UInt8] {
    await withCheckedContinuation { continuation in
      let isHeld = state.withLock { state in
        state.begun.append(began)
        if state.isHeld { state.held.append(continuation) }
        return state.isHeld
      }
      if !isHeld { continuation.resume() }
    }
    return try state.withLock(\.answer).get()
  }
}
