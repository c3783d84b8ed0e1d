/// JSON as bytes.
public enum JSONText {
  /// The same text with the control characters inside its strings escaped, so that a strict reader takes what
  /// ``JSONPolicy/lenient`` does; strict JSON comes back as it is.
  public static func strict(_ bytes: [UInt8]) -> [UInt8] {
    var strict: [UInt8] = []
    strict.reserveCapacity(bytes.count)
    var isInString = false
    var isEscaped = false
    for byte in bytes {
      // An escape cut off by a control character stays the error that it is.
      if isInString, byte < 0x20, !isEscaped {
        strict.append(contentsOf: "\\u00".utf8)
        strict.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
        let low = byte & 0xF
        strict.append(low < 10 ? UInt8(ascii: "0") &+ low : UInt8(ascii: "A") &+ (low &- 10))
        continue
      }
      strict.append(byte)
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = isInString
      } else if byte == UInt8(ascii: "\"") {
        isInString.toggle()
      }
    }
    return strict
  }
}
