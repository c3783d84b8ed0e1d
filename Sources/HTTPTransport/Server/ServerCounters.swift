internal import Synchronization

/// What a server counts over all loops.
final class ServerCounters: Sendable {
  private let open = Atomic<Int>(0)
  private let accepted = Atomic<Int>(0)
  private let refused = Atomic<Int>(0)

  var openConnections: Int { open.load(ordering: .relaxed) }
  var acceptedConnections: Int { accepted.load(ordering: .relaxed) }
  var refusedConnections: Int { refused.load(ordering: .relaxed) }

  /// Counts a new connection, unless that would be more than `maximum`.
  /// - Returns: whether it was let in.
  func admit(maximum: Int) -> Bool {
    guard open.wrappingAdd(1, ordering: .relaxed).newValue <= maximum else {
      open.wrappingSubtract(1, ordering: .relaxed)
      refused.wrappingAdd(1, ordering: .relaxed)
      return false
    }
    accepted.wrappingAdd(1, ordering: .relaxed)
    return true
  }

  func leave() { open.wrappingSubtract(1, ordering: .relaxed) }
}
