internal import Glibc

extension String {
  /// Whether both are the same bytes. `==` is canonical equivalence (Unicode Standard Annex 15): it takes U+212A KELVIN
  /// SIGN for `K`, and no code, number, role or name means the same with another letter in it.
  public func hasSameBytes(as other: String) -> Bool {
    let (left, right) = (utf8Span.span, other.utf8Span.span)
    guard left.count == right.count else { return false }
    for index in left.indices where left[index] != right[index] { return false }
    return true
  }
}

extension RawRepresentable<String> {
  /// The value whose raw value has the same bytes; `init(rawValue:)` compares by canonical equivalence.
  ///
  /// Inlinable, as are all generic parts of reading a code of a row: unspecialized they look up their types' metadata
  /// at each call, which was a third of a list's instructions.
  @inlinable public init?(code: String) {
    guard let value = Self(rawValue: code) else { return nil }
    let raw = value.rawValue
    // What looks like ASCII and is not takes more bytes, so that equal ASCII of one length is the same bytes.
    guard code.utf8Span.isKnownASCII && raw.utf8.count == code.utf8.count || raw.hasSameBytes(as: code) else {
      return nil
    }
    self = value
  }
}

/// A text that is equal to another only if both are the same bytes: for keys of dictionaries and members of sets.
public struct ByteText: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The text as it was given.
  public let text: String

  /// Takes the text as it is: nothing is folded or normalised.
  public init(_ text: String) { self.text = text }
  public init(stringLiteral text: String) { self.text = text }

  /// The text.
  public var description: String { text }

  /// Whether both are the same bytes.
  public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

  public func hash(into hasher: inout Hasher) {
    let bytes = text.utf8Span.span
    guard bytes.count <= 8 else {
      // What is the same in bytes is canonically equivalent too, so that this is enough.
      hasher.combine(text)
      return
    }
    // A prisoner number is one word, which is mixed in at once.
    var word: UInt64 = 0
    for index in bytes.indices { word = word << 8 | UInt64(bytes[index]) }
    hasher.combine(word)
  }
}

extension String {
  /// With its ASCII letters in lower case and everything else as it is: `\u212A` is a letter of its own, not a `k`.
  public var asciiLowercased: String { mappingASCII(UInt8(ascii: "A")...UInt8(ascii: "Z")) }

  /// With its ASCII letters in upper case and everything else as it is: `ſ` is a letter of its own, not an `S`.
  public var asciiUppercased: String { mappingASCII(UInt8(ascii: "a")...UInt8(ascii: "z")) }

  private func mappingASCII(_ letters: ClosedRange<UInt8>) -> String {
    String(decoding: utf8.map { letters.contains($0) ? $0 ^ 0x20 : $0 }, as: UTF8.self)
  }
}

extension String {
  // C is lent the memory for the length of the call.

  /// Whether one of the characters is NUL, which PostgreSQL's texts cannot hold.
  public var holdsNUL: Bool {
    utf8.withContiguousStorageIfAvailable { utf8 in
      utf8.baseAddress.map { memchr($0, 0, utf8.count) != nil } ?? false
    } ?? utf8.contains(0)
  }
}
