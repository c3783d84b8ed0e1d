/// Percent-encoding for URLs that we make, and the check of those we are given (RFC 3986 §2).
enum URLCoding {
  /// Encodes a path that may have several segments: all but the unreserved characters and `/`.
  static func encodePath(_ path: String) -> String {
    path.split(separator: "/", omittingEmptySubsequences: false)
      .map { PercentCoding.encode(String($0)) }
      .joined(separator: "/")
  }

  /// Whether a text holds only what a path or a query may hold, and every `%` is followed by two hex digits.
  static func isValid(_ text: Substring) -> Bool {
    var hexDigitsDue = 0
    for byte in text.utf8 {
      if hexDigitsDue > 0 {
        guard ByteSet.hexadecimal(byte) != nil else { return false }
        hexDigitsDue -= 1
      } else if byte == UInt8(ascii: "%") {
        hexDigitsDue = 2
      } else if !ByteSet.target.contains(byte) {
        return false
      }
    }
    return hexDigitsDue == 0
  }
}
