/// Percent-encoding of URI parts (RFC 3986 §2.1) and of form fields.
public enum PercentCoding {
  /// Encodes all but the unreserved characters, as is safe in a path segment and in a query name or value.
  public static func encode(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      if ByteSet.unreserved.contains(byte) {
        bytes.append(byte)
      } else {
        bytes.append(0x25)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Decodes percent-encoded bytes; bytes that are not UTF-8 become U+FFFD.
  /// - Parameter plusIsBlank: true reads `+` as a blank, as HTML forms and queries write it.
  /// - Returns: nil when a `%` is not followed by two hexadecimal digits.
  public static func decode(_ text: some StringProtocol, plusIsBlank: Bool = false) -> String? {
    let bytes = Array(text.utf8)
    return decode(bytes, bytes.indices, plusIsBlank: plusIsBlank)
  }

  static func decode(_ bytes: [UInt8], _ range: Range<Int>, plusIsBlank: Bool) -> String? {
    let part = bytes[range]
    guard
      ByteScan.first(0x25, in: bytes.span, range) != nil
        || plusIsBlank && ByteScan.first(0x2b, in: bytes.span, range) != nil
    else {
      return String(decoding: part, as: UTF8.self)
    }
    guard let decoded = decodedBytes(part, plusIsBlank: plusIsBlank) else { return nil }
    return String(decoding: decoded, as: UTF8.self)
  }

  static func decodedBytes(_ part: ArraySlice<UInt8>, plusIsBlank: Bool) -> [UInt8]? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(part.count)
    var index = part.startIndex
    while index < part.endIndex {
      let byte = part[index]
      if byte == 0x25 {
        guard index + 2 < part.endIndex, let high = ByteSet.hexadecimal(part[index + 1]),
          let low = ByteSet.hexadecimal(part[index + 2])
        else { return nil }
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(plusIsBlank && byte == 0x2b ? 0x20 : byte)
        index += 1
      }
    }
    return decoded
  }
}
