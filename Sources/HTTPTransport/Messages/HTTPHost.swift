internal import EventLoops

/// A host as it stands in an authority (RFC 3986 §3.2.2), in the one form in which hosts are compared, byte by byte: a
/// name in lower case without one final dot, which names the same host (RFC 1034 §3.1); an IPv6 address in its shortest
/// spelling; never with a port.
public struct HTTPHost: Hashable, Sendable, CustomStringConvertible {
  private let bytes: [UInt8]

  /// - Parameter text: a name or an address, with or without a port; an IPv6 address without a port may lack its
  ///   brackets. nil for what no `Host` field may say.
  public init?(_ text: String) {
    let isBareAddress =
      text.utf8.contains(UInt8(ascii: ":")) && !text.utf8.contains(UInt8(ascii: "%"))
      && SocketAddress(numeric: text, port: 0) != nil
    let authority = Array((isBareAddress ? "[\(text)]" : text).utf8)
    guard Authority.isValid(authority.span) else { return nil }
    self.init(of: authority.span)
  }

  init(of authority: Span<UInt8>) {
    let host = authority.extracting(Authority.host(authority))
    var bytes: [UInt8] = []
    for index in host.indices { bytes.append(lowercased(host[index])) }
    if bytes.count > 2, bytes[0] == 0x5b,
      let address = SocketAddress(
        numeric: String(decoding: bytes[1..<(bytes.count - 1)], as: UTF8.self),
        port: 0
      )
    {
      bytes = Array("[\(address.host)]".utf8)
    }
    self.bytes = bytes
  }

  public var description: String { String(decoding: bytes, as: UTF8.self) }

  /// Whether an authority names this host. Makes nothing new for a name.
  func isNamed(by authority: Span<UInt8>) -> Bool {
    if authority.count > 0, authority[0] == 0x5b { return HTTPHost(of: authority) == self }
    let host = Authority.host(authority)
    return host.count == bytes.count && begins(authority, host)
  }

  /// Whether the name of an authority is this one, or goes on after it with a dot. Makes nothing new.
  func isFirstLabel(of authority: Span<UInt8>) -> Bool {
    let host = Authority.host(authority)
    guard host.count >= bytes.count, begins(authority, host) else { return false }
    return host.count == bytes.count || authority[host.lowerBound + bytes.count] == UInt8(ascii: ".")
  }

  /// - Parameter host: the name's place in the authority, at least as long as this one.
  private func begins(_ authority: Span<UInt8>, _ host: Range<Int>) -> Bool {
    for index in bytes.indices where lowercased(authority[host.lowerBound + index]) != bytes[index] {
      return false
    }
    return true
  }
}
