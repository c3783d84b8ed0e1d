internal import EventLoops

/// Which peers may say how the client reached them (platform.md §9.3): private, link-local, shared and
/// loopback ones.
public enum ForwardedTrust {
  /// - Parameter host: a numeric address; an IPv4 address may come in its IPv6 form `::ffff:10.0.0.1`.
  static func trusts(_ host: String) -> Bool {
    if host == "::1" { return true }
    let text = host.hasPrefix("::ffff:") ? host.dropFirst(7) : Substring(host)
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
    guard parts.count == 4 else { return false }
    return switch (parts[0], parts[1]) {
    case (10, _), (127, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127): true
    default: false
    }
  }

  /// The address of the client that began a request: that of the peer, or what trusted proxies say of whom they got it
  /// from. Each adds to the end of the field, so that the last address that is no proxy's counts; what is before it
  /// anyone may have made up.
  /// - Parameters:
  ///   - peer: the numeric address at the other end of the connection.
  ///   - field: `X-Forwarded-For`, of several such fields all joined; nil for none.
  public static func client(of peer: String, forwardedFor field: String?) -> String {
    var client = peer
    guard let field else { return client }
    for part in field.split(separator: ",").reversed() {
      guard trusts(client), let address = address(part) else { break }
      client = address
    }
    return client
  }

  /// An address without brackets and port; nil for anything else.
  private static func address(_ text: Substring) -> String? {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    if text.first == "[", let end = text.firstIndex(of: "]") {
      text = text[..<end].dropFirst()
    } else if let colon = text.firstIndex(of: ":"), !text[colon...].dropFirst().contains(":") {
      text = text[..<colon]
    }
    return SocketAddress(numeric: String(text), port: 0)?.host
  }
}
