/// What an `Authorization` field holds, as far as bearer tokens go (RFC 6750 §2.1, docs/contract/platform.md §1.1).
enum BearerToken {
  private static let scheme = Array("bearer".utf8)
  /// Where the token starts in a field of the right form: after the scheme and exactly one blank.
  static let offset = scheme.count + 1

  /// Whether the field is meant as a bearer token, well-formed or not: the scheme in any case, whatever follows it.
  static func isMeant(by field: Span<UInt8>) -> Bool {
    guard field.count >= scheme.count else { return false }
    for index in scheme.indices where field[index] | 0x20 != scheme[index] { return false }
    return true
  }

  /// Whether a field that is meant as a bearer token has a blank after the scheme, and something after that.
  static func hasBlank(_ field: Span<UInt8>) -> Bool {
    field.count > offset && field[offset - 1] == UInt8(ascii: " ")
  }

  /// Whether what stands behind the blank is a `token68` (RFC 9110 §11.2).
  static func isToken68(_ field: Span<UInt8>) -> Bool {
    var end = field.count
    while end > offset, field[end - 1] == UInt8(ascii: "=") { end -= 1 }
    guard end > offset else { return false }
    for index in offset..<end where !isToken68(field[index]) { return false }
    return true
  }

  private static func isToken68(_ character: UInt8) -> Bool {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"):
      true
    default: false
    }
  }
}
