internal import EventLoops
internal import Synchronization

/// What a server counts over all loops.
final class ServerCounters: Sendable {
  private let open = Atomic<Int>(0)
  private let accepted = Atomic<Int>(0)
  private let refused = Atomic<Int>(0)
  private let ended = Atomic<Int>(0)
  /// Connections of each peer, if they are limited.
  private let peers = Mutex<[String: Int]>([:])
  private let countsPeers: Bool

  init(countsPeers: Bool) { self.countsPeers = countsPeers }

  var openConnections: Int { open.load(ordering: .relaxed) }
  var acceptedConnections: Int { accepted.load(ordering: .relaxed) }
  var refusedConnections: Int { refused.load(ordering: .relaxed) }
  var endedConnections: Int { ended.load(ordering: .relaxed) }

  /// Counts a new connection, unless that would be more than `maximum`.
  /// - Returns: whether it was let in.
  func admit(maximum: Int) -> Bool {
    guard open.wrappingAdd(1, ordering: .relaxed).newValue <= maximum else {
      open.wrappingSubtract(1, ordering: .relaxed)
      return false
    }
    accepted.wrappingAdd(1, ordering: .relaxed)
    return true
  }

  /// Counts a new connection for which another was ended, which leaves in a moment.
  func admitInPlace() {
    open.wrappingAdd(1, ordering: .relaxed)
    accepted.wrappingAdd(1, ordering: .relaxed)
  }

  /// Counts a connection that found no room, and that `admit(_:perPeer:)` had counted.
  func refuse(_ peer: SocketAddress?) {
    refused.wrappingAdd(1, ordering: .relaxed)
    forget(peer)
  }

  /// Counts a connection that was ended for the sake of others.
  func countEnded() { ended.wrappingAdd(1, ordering: .relaxed) }

  func leave(_ peer: SocketAddress?) {
    open.wrappingSubtract(1, ordering: .relaxed)
    forget(peer)
  }

  /// Counts a peer's new connection, unless that would be more than `maximum`, if there is one.
  func admit(_ peer: SocketAddress?, perPeer maximum: Int?) -> Bool {
    guard let maximum, let peer = peer.map(Self.key) else { return true }
    let isLetIn = peers.withLock { peers in
      guard peers[peer, default: 0] < maximum else { return false }
      peers[peer, default: 0] += 1
      return true
    }
    if !isLetIn { refused.wrappingAdd(1, ordering: .relaxed) }
    return isLetIn
  }

  private func forget(_ peer: SocketAddress?) {
    guard countsPeers, let peer = peer.map(Self.key) else { return }
    peers.withLock { peers in
      let left = peers[peer, default: 1] - 1
      peers[peer] = left > 0 ? left : nil
    }
  }

  /// One host of IPv6 usually has a whole network of 64 bits (RFC 4291 §2.5.4), and so any number of addresses.
  private static func key(_ peer: SocketAddress) -> String {
    let host = peer.host
    guard host.contains(":"), !host.hasPrefix("::ffff:") else { return host }
    let groups = host.prefix { $0 != "%" }.split(separator: ":", omittingEmptySubsequences: false)
    // An empty group stands for as many zeros as are missing.
    let written = groups.filter { !$0.isEmpty }
    let before = groups.prefix { !$0.isEmpty }
    let zeros = [Substring](repeating: "0", count: max(0, 8 - written.count))
    let after = written.dropFirst(before.count)
    return (before + zeros + after).prefix(4).joined(separator: ":")
  }
}
