internal import Glibc

/// Fields that are lists (RFC 9110 §5.6.1), read in one pass, without an allocation for each element.
///
/// A list of an ordinary client has some ten elements. Whoever sends more than the numbers here wants us to work, so
/// that such a list counts as absent.
public enum FieldList {
  /// Bytes of a list that are looked at.
  public static let maximumBytes = 1024
  /// Elements of a list that are looked at, empty ones counted.
  public static let maximumElements = 64

  /// Calls `visit` with each element, blanks around it cut off; also with empty ones.
  /// - Parameter separator: a comma between elements; a semicolon between an element and its parameters.
  /// - Returns: false if the list is too long: what was visited then does not count.
  public static func forEachElement(
    _ value: Span<UInt8>,
    separator: UInt8 = 0x2c,
    _ visit: (Span<UInt8>) -> Void
  ) -> Bool {
    guard value.count <= maximumBytes else { return false }
    var start = 0
    var elements = 0
    while start <= value.count {
      guard elements < maximumElements else { return false }
      elements += 1
      let end = index(of: separator, in: value, from: start) ?? value.count
      visit(value.extracting(trimmed(value, start..<end)))
      start = end + 1
    }
    return true
  }

  /// The first element, without what surrounds it; empty for an empty list.
  static func first(_ value: Span<UInt8>) -> Range<Int> {
    trimmed(value, 0..<(index(of: 0x2c, in: value, from: 0) ?? value.count))
  }

  /// Whether an element of `Accept` or `Accept-Encoding` has a weight of nothing (RFC 9110 §12.4.2): `q=0`, `q=0.`, up
  /// to `q=0.000`.
  public static func hasZeroWeight(_ element: Span<UInt8>) -> Bool {
    var isFirst = true
    var isZero = false
    _ = forEachElement(element, separator: 0x3b) { parameter in
      defer { isFirst = false }
      guard !isFirst, parameter.count > 2, lowercased(parameter[0]) == 0x71, parameter[1] == 0x3d else {
        return
      }
      let weight = parameter.extracting(trimmed(parameter, 2..<parameter.count))
      guard weight.count > 0, weight[0] == 0x30 else { return }
      var isNothing = true
      for index in weight.indices where weight[index] != 0x30 && weight[index] != 0x2e { isNothing = false }
      isZero = isZero || isNothing
    }
    return isZero
  }

  /// An element without its parameters, as a range of it.
  public static func withoutParameters(_ element: Span<UInt8>) -> Range<Int> {
    trimmed(element, 0..<(index(of: 0x3b, in: element, from: 0) ?? element.count))
  }

  private static func index(of byte: UInt8, in value: Span<UInt8>, from start: Int) -> Int? {
    guard start < value.count else { return nil }
    return value.extracting(start...).withUnsafeBufferPointer { part in
      guard let base = part.baseAddress, let found = memchr(base, Int32(byte), part.count) else { return nil }
      return start + (UnsafeRawPointer(found) - UnsafeRawPointer(base))
    }
  }

  private static func trimmed(_ value: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var first = range.lowerBound
    var last = range.upperBound
    while first < last, ByteSet.isBlank(value[first]) { first += 1 }
    while last > first, ByteSet.isBlank(value[last - 1]) { last -= 1 }
    return first..<last
  }
}
