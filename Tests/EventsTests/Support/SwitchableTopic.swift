import Events
import JSON
import ServiceKit
import Synchronization
import Time

/// A topic that can be cut off, slowed down or made to refuse, in front of nothing: it keeps what it took.
final class SwitchableTopic: Topic {
  struct State {
    var taken: [OutgoingMessage] = []
    var calls = 0
    var error: BrokerError?
    var refuses: @Sendable (String) -> BrokerError? = { _ in nil }
    var held: [CheckedContinuation<Void, Never>] = []
    var holds = false
  }

  let name = "test-topic"
  let system = "test"
  private let state = Mutex(State())

  var taken: [OutgoingMessage] { state.withLock { $0.taken } }
  var calls: Int { state.withLock { $0.calls } }
  var heldCount: Int { state.withLock { $0.held.count } }

  func fail(_ error: BrokerError?) { state.withLock { $0.error = error } }
  /// Makes it answer with an error for some bodies.
  func refuse(_ rule: @escaping @Sendable (String) -> BrokerError?) { state.withLock { $0.refuses = rule } }
  /// Makes every call wait until `release()`.
  func hold() { state.withLock { $0.holds = true } }

  func release() {
    let held = state.withLock { state in
      state.holds = false
      defer { state.held = [] }
      return state.held
    }
    for continuation in held { continuation.resume() }
  }

  func publish(_ message: OutgoingMessage, deadline: MonotonicInstant) async throws(BrokerError) -> String {
    await withCheckedContinuation { continuation in
      let waits = state.withLock { state in
        state.calls += 1
        if state.holds { state.held.append(continuation) }
        return state.holds
      }
      if !waits { continuation.resume() }
    }
    let result = state.withLock { state -> Result<String, BrokerError> in
      if let error = state.error ?? state.refuses(String(decoding: message.body, as: UTF8.self)) {
        return .failure(error)
      }
      state.taken.append(message)
      return .success("message-\(state.taken.count)")
    }
    return try result.get()
  }

  func status(deadline: MonotonicInstant) async throws(BrokerError) -> TopicStatus {
    if let error = state.withLock({ $0.error }) { throw error }
    return TopicStatus(arn: BrokerARN.topic(name), confirmedSubscriptions: 2, pendingSubscriptions: 1)
  }

  /// The numbers of what was taken, by subject, in the order of arrival.
  var numbers: [String: [Int]] {
    taken.reduce(into: [:]) { numbers, message in
      guard case .object(let members) = try? JSONValue(parsing: message.body),
        case .string(let subject) = members["subject"], case .number(let number) = members["number"]
      else { return }
      numbers[subject, default: []].append(Int(number) ?? -1)
    }
  }
}
