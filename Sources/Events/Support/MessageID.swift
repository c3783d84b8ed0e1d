internal import Text

/// Names for messages, as SNS and SQS make them.
enum MessageID {
  /// A random UUID (RFC 9562, version 4) in lower case.
  static func random() -> String {
    var digits: [UInt8] = []
    digits.reserveCapacity(36)
    digits.append(hexadecimal: UInt64.random(in: .min ... .max) & ~0xF000 | 0x4000)
    digits.append(hexadecimal: UInt64.random(in: .min ... .max) & ~(0xC0 << 56) | 0x80 << 56)
    for dash in [8, 13, 18, 23] { digits.insert(UInt8(ascii: "-"), at: dash) }
    return String(decoding: digits, as: UTF8.self)
  }
}
