internal import CLinux
internal import Glibc

// Looks at many bytes at once. C is lent their memory for the length of a call.

extension Array<UInt8> {
  /// Whether all bytes are printable ASCII, blanks included: what every broker and every JSON string takes as it is.
  public var isPrintableASCII: Bool { gateway_are_printable(self, count) }

  /// Whether one of the bytes is 0, which PostgreSQL's texts cannot hold.
  public var holdsNUL: Bool { memchr(self, 0, count) != nil }

  /// Appends 16 hexadecimal digits in lower case.
  public mutating func append(hexadecimal bits: UInt64) {
    for shift in stride(from: UInt64(60), through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: bits >> shift) & 0xF
      append(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
    }
  }
}
