internal import CLinux
internal import Dispatch

/// Host names to addresses with the system's resolver, which blocks: it runs on Dispatch's threads, never on a loop.
enum NameResolver {
  /// The addresses of `host`, in the order the system prefers.
  /// - Throws: `StreamError.nameNotResolved`.
  static func resolve(host: String, port: UInt16) async throws(StreamError) -> [SocketAddress] {
    if let address = SocketAddress(numeric: host, port: port) { return [address] }
    let result: Result<[SocketAddress], StreamError> = await withUnsafeContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: lookUp(host: host, port: port)) }
    }
    return try result.get()
  }

  private static func lookUp(host: String, port: UInt16) -> Result<[SocketAddress], StreamError> {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else {
      return .failure(.nameNotResolved(host: host, reason: String(cString: gai_strerror(code))))
    }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next?.pointee {
      if let address = entry.ai_addr { addresses.append(SocketAddress(address, length: entry.ai_addrlen)) }
      next = entry.ai_next
    }
    return .success(addresses)
  }
}
