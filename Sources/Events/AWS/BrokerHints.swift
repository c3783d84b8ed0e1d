internal import Synchronization

/// Notes that a broker may be another than before: it does not know what it had, or could not be reached for a moment.
public final class BrokerHints: Sendable {
  private let isThere = Atomic(false)

  public init() {}

  func note() { isThere.store(true, ordering: .relaxed) }

  /// - Returns: whether there was one since the last call.
  func take() -> Bool { isThere.exchange(false, ordering: .relaxed) }
}
