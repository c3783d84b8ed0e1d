/// Where a database listens, as one text: `host`, `host:port`, `[IPv6]:port`, `[IPv6]` or `IPv6`.
package struct DatabaseEndpoint: Equatable {
  /// PostgreSQL's own.
  package static let standardPort: UInt16 = 5432

  /// A name or a numeric address, without brackets.
  package var host: String
  /// Where the text names no port, the standard one.
  package var port = standardPort

  /// - Returns: nil for what is none of these.
  package init?(_ text: String) {
    var rest = text[...]
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = String(text[text.index(after: text.startIndex)..<end])
      rest = text[text.index(after: end)...]
      guard host.contains(":") else { return nil }
    } else if text.count(where: { $0 == ":" }) > 1 {
      // An IPv6 address without brackets leaves no place for a port.
      host = text
      rest = ""
    } else {
      let end = text.firstIndex(of: ":") ?? text.endIndex
      host = String(text[..<end])
      rest = text[end...]
    }
    guard !host.isEmpty, !host.contains(where: { "[]".contains($0) || $0.isWhitespace }) else { return nil }
    guard !rest.isEmpty else { return }
    guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port > 0,
      rest.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    self.port = port
  }
}
