/// One field line (RFC 9112 §5): `name ":" OWS value OWS`, strictly.
enum FieldLine {
  /// - Parameter range: the line within `bytes`, not empty, without its CRLF.
  /// - Returns: name and value, counted from the start of `bytes`; nil for a folded line, a blank before the
  ///   colon, an empty or ill-formed name, or a control character in the value.
  static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) -> HeaderFields.Entry? {
    var index = range.lowerBound
    while index < range.upperBound, ByteSet.token.contains(bytes[index]) { index += 1 }
    guard index > range.lowerBound, index < range.upperBound, bytes[index] == 0x3a else { return nil }
    let name = range.lowerBound..<index
    var start = index + 1
    var end = range.upperBound
    while start < end, ByteSet.isBlank(bytes[start]) { start += 1 }
    while end > start, ByteSet.isBlank(bytes[end - 1]) { end -= 1 }
    guard isValue(bytes.extracting(start..<end)) else { return nil }
    return HeaderFields.Entry(name: name, value: start..<end)
  }

  /// Looks at every byte, wrong ones before it or not: the compiler then takes many at once, and a token has a thousand.
  private static func isValue(_ bytes: Span<UInt8>) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      var faults: UInt8 = 0
      for byte in bytes { faults |= ByteSet.isFieldValue(byte) ? 0 : 1 }
      return faults == 0
    }
  }
}
