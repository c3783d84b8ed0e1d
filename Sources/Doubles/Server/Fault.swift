internal import Concurrency
internal import HTTPTransport
public import HTTPTypes
internal import Synchronization
internal import Time

/// What a double does instead of answering properly, for tests and for trying out a bad day.
public enum Fault: Sendable {
  /// Answers properly, but late.
  case delay(Duration)
  /// Answers with this status and a body that says so.
  case status(HTTPResponse.Status)
  /// Answers 200 with JSON that stops in the middle.
  case brokenBody
  /// Does not answer until the faults are cleared, or 120 s have passed.
  case hang
}

/// The faults of one double, by path. What is set counts for requests that come later.
public final class FaultPlan: Sendable {
  private struct Entry {
    let fault: Fault
    var remaining: Int
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var hanging: [Int: AsyncStream<Never>.Continuation] = [:]
    var lastTicket = 0
  }

  private let state = Mutex(State())

  /// No faults.
  public init() {}

  /// From now on, requests for `path` meet a fault; it takes the place of an earlier one.
  /// - Parameters:
  ///   - path: the whole path, percent-decoded.
  ///   - count: how many requests meet it; the default is all.
  public func set(_ fault: Fault, for path: String, count: Int = .max) {
    state.withLock { $0.entries[path] = Entry(fault: fault, remaining: count) }
  }

  /// Removes all faults; requests that hang are answered properly.
  public func clear() {
    let hanging = state.withLock { state in
      state.entries = [:]
      defer { state.hanging = [:] }
      return state.hanging.values
    }
    for continuation in hanging { continuation.finish() }
  }

  /// How many requests hang at the moment.
  public var hanging: Int { state.withLock { $0.hanging.count } }

  /// Lives through the fault of a path, if it has one.
  /// - Parameter clock: of who asks.
  /// - Returns: what to answer instead of the proper answer, nil for that one.
  func meet(path: String, by clock: any MonotonicClock) async -> ServerResponse? {
    switch take(path) {
    case nil: return nil
    case .delay(let duration):
      await clock.pause(for: duration)
      return nil
    case .hang:
      await hang()
      return nil
    case .status(let status):
      return .json(status, #"{"status":\#(status.code),"developerMessage":"fault injected"}"#)
    case .brokenBody: return .json(.ok, #"[{"prisonerNumber":"A12"#)
    }
  }

  private func take(_ path: String) -> Fault? {
    state.withLock { state in
      guard var entry = state.entries[path], entry.remaining > 0 else { return nil }
      entry.remaining -= 1
      state.entries[path] = entry
      return entry.fault
    }
  }

  private func hang() async {
    let (stream, continuation) = AsyncStream<Never>.makeStream()
    let ticket = state.withLock { state in
      state.lastTicket += 1
      state.hanging[state.lastTicket] = continuation
      return state.lastTicket
    }
    for await _ in stream {}
    state.withLock { _ = $0.hanging.removeValue(forKey: ticket) }
  }
}
