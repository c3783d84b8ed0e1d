import Synchronization

@testable import SharedAuth

/// A JWKS endpoint that tests steer: what it answers, and whether it keeps its callers waiting.
final class KeyEndpoint: Sendable {
  struct Down: Error {}

  private struct State {
    var answer: Result<[UInt8], Down>
    var fetches = 0
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

  var fetches: Int { state.withLock(\.fetches) }
  var waiting: Int { state.withLock(\.held.count) }

  func fetch() async throws -> [UInt8] {
    await withCheckedContinuation { continuation in
      let isHeld = state.withLock { state in
        state.fetches += 1
        if state.isHeld { state.held.append(continuation) }
        return state.isHeld
      }
      if !isHeld { continuation.resume() }
    }
    return try state.withLock(\.answer).get()
  }
}
