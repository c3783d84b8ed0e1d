internal import CLinux
internal import Glibc

/// Looks at many bytes at once: a stranger may send us a head of many kilobytes, and each step over one of its bytes
/// would cost as much as the rest of the answer.
///
/// Lends C the memory of a span for the length of a call, with its length.
enum ByteScan {
  /// What is shorter is looked at byte by byte: that is quicker then.
  static let minimumBytes = 32

  /// The first place of a byte in a range; nil if it is not there.
  @inline(__always)
  static func first(_ byte: UInt8, in bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard !range.isEmpty else { return nil }
    return bytes.extracting(range).withUnsafeBufferPointer { part in
      guard let base = part.baseAddress, let found = memchr(base, Int32(byte), part.count) else { return nil }
      return range.lowerBound + (UnsafeRawPointer(found) - UnsafeRawPointer(base))
    }
  }

  /// Whether all bytes may stand in a field's value: what is visible, blanks, tabs, and bytes from 0x80.
  @inline(__always)
  static func areFieldValue(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count >= minimumBytes else {
      for index in bytes.indices where !ByteSet.isFieldValue(bytes[index]) { return false }
      return true
    }
    return bytes.withUnsafeBufferPointer { gateway_are_field_value($0.baseAddress, $0.count) }
  }

  /// Whether all bytes are `tchar` (RFC 9110 §5.6.2).
  static func areToken(_ bytes: Span<UInt8>) -> Bool {
    bytes.withUnsafeBufferPointer { gateway_are_token($0.baseAddress, $0.count) }
  }

  /// Where the blanks and tabs that a range begins with end.
  @inline(__always)
  static func endOfBlanks(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
    var index = range.lowerBound
    let near = min(range.upperBound, index + 2)
    while index < near, ByteSet.isBlank(bytes[index]) { index += 1 }
    guard index == near, index < range.upperBound else { return index }
    return index
      + bytes.extracting(index..<range.upperBound).withUnsafeBufferPointer {
        gateway_leading_blanks($0.baseAddress, $0.count)
      }
  }

  /// Where the blanks and tabs that a range ends with begin.
  @inline(__always)
  static func startOfBlanks(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
    guard !range.isEmpty, ByteSet.isBlank(bytes[range.upperBound - 1]) else { return range.upperBound }
    return range.upperBound
      - bytes.extracting(range).withUnsafeBufferPointer { gateway_trailing_blanks($0.baseAddress, $0.count) }
  }

  /// Whether the bytes are a query: those that may stand in one, whole escapes, and none of NUL, LF or CR.
  static func areQuery(_ bytes: Span<UInt8>) -> Bool {
    bytes.withUnsafeBufferPointer { gateway_are_query($0.baseAddress, $0.count) }
  }

  /// Whether the bytes, the first of them a slash, are a path without escapes, and without empty and dot segments but for an
  /// empty last one.
  static func arePath(_ bytes: Span<UInt8>) -> Bool {
    bytes.withUnsafeBufferPointer { gateway_are_path($0.baseAddress, $0.count) }
  }
}
