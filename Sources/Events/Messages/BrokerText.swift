internal import Text

/// Text as every broker takes it. SQS and SNS allow the characters of XML 1.0 (Amazon SQS API Reference, SendMessage),
/// PostgreSQL no NUL; JSON can say each of the others as an escape (RFC 8259 §7).
enum BrokerText {
  /// The same JSON with every control character and noncharacter escaped: decoded, it is equal. What is no UTF-8 becomes
  /// U+FFFD.
  static func escaped(_ json: [UInt8]) -> [UInt8] {
    if json.isPrintableASCII { return json }
    let text = String(decoding: json, as: UTF8.self)
    guard text.unicodeScalars.contains(where: isEscaped) else { return Array(text.utf8) }
    var escaped: [UInt8] = []
    escaped.reserveCapacity(json.count + json.count / 4)
    for scalar in text.unicodeScalars {
      guard isEscaped(scalar) else {
        escaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        continue
      }
      for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
        escaped.append(contentsOf: "\\u".utf8)
        for shift in [12, 8, 4, 0] {
          escaped.append(hexDigit(UInt8(truncatingIfNeeded: unit >> shift) & 0xF))
        }
      }
    }
    return escaped
  }

  /// Bytes that ``escaped(_:)`` needs for a character of a JSON string.
  /// - Parameter depth: 1 for a string of the message itself, 2 for one of a JSON document within such a string, and so
  ///   on: each level doubles the backslashes.
  static func size(of scalar: Unicode.Scalar, depth: Int) -> Int {
    let level = 1 << min(max(depth, 1), 16)
    switch scalar {
    case "\"", "\\": return level
    case "\u{8}", "\t", "\n", "\u{C}", "\r": return level / 2 + 1
    case "\u{0}"..<" ": return level / 2 + 5
    default: return isEscaped(scalar) ? UTF16.width(scalar) * 6 : UTF8.width(scalar)
    }
  }

  /// Control characters but for tab, line feed and carriage return, and noncharacters. Some of them XML 1.0 allows but
  /// advises against; escaped they are safe with every broker.
  static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: false
    case 0..<0x20, 0x7F...0x9F, 0xFDD0...0xFDEF: true
    case let value: value & 0xFFFE == 0xFFFE
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "A") &+ (value &- 10)
  }
}
