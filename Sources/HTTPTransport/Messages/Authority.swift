/// `host [":" port]`, as in the `Host` field (RFC 9110 §7.2) and in an absolute-form target.
enum Authority {
  /// Longer than any: a name has up to 253 bytes (RFC 1035 §2.3.4), a final dot and a port come to it.
  static let maximumBytes = 260

  /// Whether the text is a name, an IPv4 address or a bracketed IPv6 address, with an optional port of 1–5
  /// digits. Narrower than RFC 3986: no user information, no percent-encoding, no sub-delims (a comma could
  /// hide two hosts), no empty label (`a..b`), which servers before us might read in other ways.
  static func isValid(_ text: Span<UInt8>) -> Bool {
    guard text.count > 0, text.count <= maximumBytes else { return false }
    var index = 0
    if text[0] == 0x5b {
      index = 1
      while index < text.count, ByteSet.ipv6.contains(text[index]) { index += 1 }
      guard index > 1, index < text.count, text[index] == 0x5d else { return false }
      index += 1
    } else {
      var isAfterDot = true
      while index < text.count, ByteSet.unreserved.contains(text[index]) {
        let isDot = text[index] == 0x2e
        if isDot, isAfterDot { return false }
        isAfterDot = isDot
        index += 1
      }
      guard index > 0 else { return false }
    }
    guard index < text.count else { return true }
    let digits = text.count - index - 1
    guard text[index] == 0x3a, digits >= 1, digits <= 5 else { return false }
    index += 1
    while index < text.count {
      guard ByteSet.isDigit(text[index]) else { return false }
      index += 1
    }
    return true
  }

  /// Where the host is: without the port, and of a name without one final dot.
  static func host(_ text: Span<UInt8>) -> Range<Int> {
    var end = 0
    if text.count > 0, text[0] == 0x5b {
      while end < text.count, text[end] != 0x5d { end += 1 }
      return 0..<min(end + 1, text.count)
    }
    while end < text.count, text[end] != 0x3a { end += 1 }
    if end > 1, text[end - 1] == 0x2e { end -= 1 }
    return 0..<end
  }

  /// The port of a valid authority; nil if it has none.
  static func port(_ text: Span<UInt8>) -> Int? {
    var index = 0
    if text.count > 0, text[0] == 0x5b { while index < text.count, text[index] != 0x5d { index += 1 } }
    while index < text.count, text[index] != 0x3a { index += 1 }
    guard index < text.count else { return nil }
    var port = 0
    for position in (index + 1)..<text.count { port = port * 10 + Int(text[position] & 0x0f) }
    return port
  }

  /// Whether two valid authorities are the same one (RFC 9110 §4.2.3): by host and port.
  /// - Parameter defaultPort: that of the scheme, for the one without a port.
  static func areSame(_ left: Span<UInt8>, _ right: Span<UInt8>, defaultPort: Int) -> Bool {
    HTTPHost(of: left) == HTTPHost(of: right)
      && (port(left) ?? defaultPort) == (port(right) ?? defaultPort)
  }
}
