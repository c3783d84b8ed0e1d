/// One field line (RFC 9112 §5): `name ":" OWS value OWS`, strictly.
enum FieldLine {
  /// - Parameter range: the line within `bytes`, not empty, without its CRLF.
  /// - Returns: name and value, counted from the start of `bytes`; nil for a folded line, a blank before the
  ///   colon, an empty or ill-formed name, or a control character in the value.
  static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) -> HeaderFields.Entry? {
    guard let colon = nameEnd(bytes, range), colon > range.lowerBound else { return nil }
    let start = ByteScan.endOfBlanks(bytes, (colon + 1)..<range.upperBound)
    let end = ByteScan.startOfBlanks(bytes, start..<range.upperBound)
    guard ByteScan.areFieldValue(bytes.extracting(start..<end)) else { return nil }
    return HeaderFields.Entry(name: range.lowerBound..<colon, value: start..<end)
  }

  /// No field has a name anywhere near so long.
  private static let maximumNameBytes = 256

  /// Where the colon is, if all before it is a name. Most names are short.
  private static func nameEnd(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    var index = range.lowerBound
    let near = min(range.upperBound, index + ByteScan.minimumBytes)
    while index < near, ByteSet.token.contains(bytes[index]) { index += 1 }
    if index < near { return bytes[index] == 0x3a ? index : nil }
    guard let colon = ByteScan.first(0x3a, in: bytes, index..<range.upperBound),
      colon - range.lowerBound <= maximumNameBytes,
      ByteScan.areToken(bytes.extracting(range.lowerBound..<colon))
    else { return nil }
    return colon
  }
}
