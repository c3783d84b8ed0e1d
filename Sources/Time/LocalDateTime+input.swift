extension LocalDateTime {
  /// Reads one of the forms that docs/contract/non-associations.md §4.2 accepts: `2023-06-07T10:30`, with seconds, with
  /// a point and 0 to 9 fraction digits, each with blanks around it; `t` in place of `T`; or, after an upper-case `T`,
  /// a trailing `Z`, which is dropped and converts nothing. Everything else is nil: a date alone, an offset, another
  /// separator, a part of the wrong length or out of range.
  public init?(contractText text: String) {
    var parts = Parts(Self.trimmed(Array(text.utf8)))
    guard let value = parts.read() else { return nil }
    self = value
  }

  /// Whether the text is empty or blanks: the contract's "not given".
  package static func isBlank(_ text: String) -> Bool { text.utf8.allSatisfy { $0 <= 0x20 } }

  private static func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    guard let first = bytes.firstIndex(where: { $0 > 0x20 }),
      let last = bytes.lastIndex(where: { $0 > 0x20 })
    else { return [] }
    return bytes[first...last]
  }

  private struct Parts {
    private var rest: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) { rest = text }

    mutating func read() -> LocalDateTime? {
      guard let year = number(digits: 4), take("-"), let month = number(digits: 2), take("-"),
        let day = number(digits: 2), let separator = rest.popFirst(),
        separator == UInt8(ascii: "T") || separator == UInt8(ascii: "t")
      else { return nil }
      if separator == UInt8(ascii: "T"), rest.last == UInt8(ascii: "Z") { rest.removeLast() }
      guard let hour = number(digits: 2), take(":"), let minute = number(digits: 2) else { return nil }
      var (second, nanosecond) = (0, 0)
      if !rest.isEmpty {
        guard take(":"), let value = number(digits: 2) else { return nil }
        second = value
        if !rest.isEmpty {
          guard take("."), let value = fraction() else { return nil }
          nanosecond = value
        }
      }
      return LocalDateTime(
        year: year,
        month: month,
        day: day,
        hour: hour,
        minute: minute,
        second: second,
        nanosecond: nanosecond
      )
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard rest.first == UInt8(ascii: character) else { return false }
      rest.removeFirst()
      return true
    }

    private mutating func number(digits: Int) -> Int? {
      var value = 0
      for _ in 0..<digits {
        guard let digit = Self.digit(rest.popFirst()) else { return nil }
        value = value * 10 + digit
      }
      return value
    }

    /// Up to nine digits, as nanoseconds; nothing may follow.
    private mutating func fraction() -> Int? {
      var (value, digits) = (0, 0)
      while let byte = rest.popFirst() {
        guard let digit = Self.digit(byte), digits < 9 else { return nil }
        value = value * 10 + digit
        digits += 1
      }
      for _ in digits..<9 { value *= 10 }
      return value
    }

    private static func digit(_ byte: UInt8?) -> Int? {
      guard let byte, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      return Int(byte - UInt8(ascii: "0"))
    }
  }
}
