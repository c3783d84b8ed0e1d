/// The `Accept-Encoding` field (RFC 9110 §12.5.3).
enum AcceptEncoding {
  /// Whether gzip may be used: named with a weight above 0, or covered by `*` and not excluded. A missing
  /// field gives no: such clients are mostly scripts that would not decompress.
  static func allowsGzip(_ value: String?) -> Bool {
    guard let value else { return false }
    var named: Bool?
    var other: Bool?
    for element in value.split(separator: ",") {
      let parts = element.split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
      let isAllowed = parts.dropFirst().allSatisfy { !isZeroWeight($0) }
      switch parts.first?.lowercased() {
      case "gzip", "x-gzip": named = isAllowed
      case "*": other = isAllowed
      default: break
      }
    }
    return named ?? other ?? false
  }

  /// `q=0`, `q=0.`, up to `q=0.000`.
  private static func isZeroWeight(_ parameter: Substring) -> Bool {
    let text = parameter.lowercased()
    guard text.hasPrefix("q=") else { return false }
    let digits = trimmed(text.dropFirst(2))
    return digits.hasPrefix("0") && digits.allSatisfy { $0 == "0" || $0 == "." }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
