internal import CLinux
internal import Dispatch
import EventLoops

/// Host names to addresses. libpq resolves names with a call that blocks, so this does it first, on Dispatch's
/// threads, and libpq gets the addresses.
enum HostNames {
  /// Whether libpq would look `host` up: it is neither empty, nor a socket directory, nor a numeric address.
  static func isName(_ host: String) -> Bool {
    guard let first = host.first, first != "/", first != "@" else { return false }
    return SocketAddress(numeric: host, port: 0) == nil
  }

  /// Replaces each target that has only a name by one for each of the name's addresses, and leaves out names that
  /// have none. `completion` runs on `loop`.
  static func resolve(
    _ targets: [ConnectionParameters.Target],
    on loop: EventLoop,
    completion: @escaping @Sendable ([ConnectionParameters.Target]) -> Void
  ) {
    DispatchQueue.global().async {
      let resolved = targets.flatMap { target in
        guard target.needsResolution else { return [target] }
        return addresses(of: target.host).map { address in
          ConnectionParameters.Target(host: target.host, address: address, port: target.port)
        }
      }
      loop.execute { completion(resolved) }
    }
  }

  private static func addresses(of host: String) -> [String] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var addresses: [String] = []
    var next = list
    while let entry = next?.pointee {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let code = getnameinfo(
        entry.ai_addr,
        entry.ai_addrlen,
        &text,
        socklen_t(text.count),
        nil,
        0,
        NI_NUMERICHOST
      )
      if code == 0 {
        addresses.append(
          String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        )
      }
      next = entry.ai_next
    }
    return addresses
  }
}
