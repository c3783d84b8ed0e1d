/// A set of ASCII bytes as two bit masks, so that a membership test is a shift and touches no memory.
struct ByteSet: Sendable {
  /// Bytes 0–63, bit n for byte n.
  let low: UInt64
  /// Bytes 64–127, bit n for byte 64 + n.
  let high: UInt64

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool {
    let mask = byte & 0x40 == 0 ? low : high
    return byte < 0x80 && (mask &>> UInt64(byte & 0x3f)) & 1 == 1
  }

  /// `tchar` (RFC 9110 §5.6.2): ``!#$%&'*+-.^_`|~``, digits, letters.
  static let token = ByteSet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe)
  /// What a path and a query may hold (RFC 3986 §3.3, §3.4): unreserved, sub-delims, `:@/?` and `%`.
  static let target = ByteSet(low: 0xafff_fff2_0000_0000, high: 0x47ff_fffe_87ff_ffff)
  /// Unreserved characters (RFC 3986 §2.3): `-._~`, digits, letters. Also all a host name here may hold.
  static let unreserved = ByteSet(low: 0x03ff_6000_0000_0000, high: 0x47ff_fffe_87ff_fffe)
  /// What an IPv6 literal may hold between its brackets: hexadecimal digits, `:` and `.`.
  static let ipv6 = ByteSet(low: 0x07ff_4000_0000_0000, high: 0x0000_007e_0000_007e)

  /// `field-vchar`, blank and tab (RFC 9110 §5.5); bytes from 128 on are `obs-text`, passed on untouched.
  @inline(__always)
  static func isFieldValue(_ byte: UInt8) -> Bool { byte >= 0x20 ? byte != 0x7f : byte == 0x09 }

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// The value of a hexadecimal digit, nil for any other byte.
  @inline(__always)
  static func hexadecimal(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte &- 0x30 }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? letter &+ 10 : nil
  }
}
