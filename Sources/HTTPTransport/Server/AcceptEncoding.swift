/// The `Accept-Encoding` field (RFC 9110 §12.5.3).
enum AcceptEncoding {
  /// Whether gzip may be used: named with a weight above 0, or covered by `*` and not excluded. A missing
  /// field gives no, as does one that is too long: such clients are mostly scripts that would not decompress.
  static func allowsGzip(_ value: String?) -> Bool {
    guard let value else { return false }
    var named: Bool?
    var other: Bool?
    let isWhole = FieldList.forEachElement(value.utf8Span.span) { element in
      let coding = element.extracting(FieldList.withoutParameters(element))
      if coding.equalsLowercase("gzip") || coding.equalsLowercase("x-gzip") {
        named = !FieldList.hasZeroWeight(element)
      } else if coding.equalsLowercase("*") {
        other = !FieldList.hasZeroWeight(element)
      }
    }
    return isWhole && named ?? other ?? false
  }
}
