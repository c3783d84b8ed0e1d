import EventLoops
internal import Time

/// Host names to addresses. libpq resolves names with a call that blocks, so this does it first, on threads of the
/// databases' own, and libpq gets the addresses.
enum HostNames {
  /// Apart from that of the upstream services, so that neither's name servers keep the other waiting.
  private static let resolver = NameResolver(maximumRunning: 2)

  /// Whether libpq would look `host` up: it is neither empty, nor a socket directory, nor a numeric address.
  static func isName(_ host: String) -> Bool {
    guard let first = host.first, first != "/", first != "@" else { return false }
    return SocketAddress(numeric: host, port: 0) == nil
  }

  /// Replaces each target that has only a name by one for each of the name's addresses, and leaves out names that
  /// have none, or none in time. Call it on `loop`; `completion` is called there, later.
  static func resolve(
    _ targets: [ConnectionParameters.Target],
    on loop: EventLoop,
    deadline: MonotonicInstant,
    completion: @escaping ([ConnectionParameters.Target]) -> Void
  ) {
    var resolved = targets.map { [$0] }
    var left = targets.count { $0.needsResolution }
    for (index, target) in targets.enumerated() where target.needsResolution {
      resolver.resolve(host: target.host, loop: loop, deadline: deadline) { answer in
        let addresses = (try? answer.get()) ?? []
        resolved[index] = addresses.map { address in
          ConnectionParameters.Target(host: target.host, address: address.host, port: target.port)
        }
        left -= 1
        if left == 0 { completion(resolved.flatMap(\.self)) }
      }
    }
  }
}
