internal import Synchronization

/// Notes that a broker may have been recreated: it has lost what it had, or could not be reached for a moment.
public final class BrokerHints: Sendable {
  private let isThere = Atomic(false)

  /// No hint yet.
  public init() {}

  func note() { isThere.store(true, ordering: .relaxed) }

  /// - Returns: whether there was one since the last call.
  func take() -> Bool { isThere.exchange(false, ordering: .relaxed) }
}
