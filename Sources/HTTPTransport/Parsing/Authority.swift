/// `host [":" port]`, as in the `Host` field (RFC 9110 §7.2) and in an absolute-form target.
enum Authority {
  /// Whether the text is a name, an IPv4 address or a bracketed IPv6 address, with an optional port of 1–5
  /// digits. Narrower than RFC 3986: no user information, no percent-encoding, no sub-delims (a comma could
  /// hide two hosts).
  static func isValid(_ text: Span<UInt8>) -> Bool {
    guard text.count > 0 else { return false }
    var index = 0
    if text[0] == 0x5b {
      index = 1
      while index < text.count, ByteSet.ipv6.contains(text[index]) { index += 1 }
      guard index > 1, index < text.count, text[index] == 0x5d else { return false }
      index += 1
    } else {
      while index < text.count, ByteSet.unreserved.contains(text[index]) { index += 1 }
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

  /// Whether two texts name the same host and port: equal but for the case of letters.
  static func areSame(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices where lowercased(left[index]) != lowercased(right[index]) { return false }
    return true
  }
}
