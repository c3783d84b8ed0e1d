public import EventLoops

/// Whom a request comes from, when proxies have passed it on (docs/contract/platform.md §9.3).
public enum ForwardedTrust {
  /// Proxies between a client and us that are looked through.
  static let maximumHops = 16

  /// The address of the client that began a request: that of the peer, or what trusted proxies, which are those with
  /// private addresses, say of whom they got it from. Each adds to the end of the field, so that the last address that is
  /// no proxy's counts; what is before it anyone may have made up.
  /// - Parameters:
  ///   - peer: the other end of the connection.
  ///   - field: the end of `X-Forwarded-For` (`HeaderFields.listEnd`), of several such fields all joined; nil for none.
  public static func client(of peer: SocketAddress, forwardedFor field: String?) -> String {
    var client = peer
    var rest = (field ?? "")[...]
    for _ in 0..<maximumHops where !rest.isEmpty && client.isPrivate {
      let comma = rest.utf8.lastIndex(of: UInt8(ascii: ","))
      guard let address = address(rest[(comma.map { rest.utf8.index(after: $0) } ?? rest.startIndex)...])
      else { break }
      client = address
      rest = rest[..<(comma ?? rest.startIndex)]
    }
    return client.host
  }

  /// An address with or without brackets, zone (which says nothing on another machine) and port; nil for anything else.
  private static func address(_ text: Substring) -> SocketAddress? {
    var text = text.utf8.drop { $0 == 0x20 || $0 == 0x09 }
    while text.last == 0x20 || text.last == 0x09 { text.removeLast() }
    if text.first == UInt8(ascii: "["), let end = text.firstIndex(of: UInt8(ascii: "]")) {
      text = text[..<end].dropFirst()
    } else if let colon = text.firstIndex(of: UInt8(ascii: ":")),
      !text[colon...].dropFirst().contains(UInt8(ascii: ":"))
    {
      text = text[..<colon]
    }
    return SocketAddress(
      numeric: String(decoding: text.prefix { $0 != UInt8(ascii: "%") }, as: UTF8.self),
      port: 0
    )
  }
}
