/// The field names that the transport itself acts on, as a set: found while a head is parsed or built, so
/// that later code need not look for them.
struct KnownField: OptionSet, Sendable {
  let rawValue: UInt32

  static let host = KnownField(rawValue: 1 << 0)
  static let contentLength = KnownField(rawValue: 1 << 1)
  static let transferEncoding = KnownField(rawValue: 1 << 2)
  static let connection = KnownField(rawValue: 1 << 3)
  static let expect = KnownField(rawValue: 1 << 4)
  static let acceptEncoding = KnownField(rawValue: 1 << 5)
  static let forwardedProto = KnownField(rawValue: 1 << 6)
  static let date = KnownField(rawValue: 1 << 7)
  static let server = KnownField(rawValue: 1 << 8)
  static let keepAlive = KnownField(rawValue: 1 << 9)
  static let cacheControl = KnownField(rawValue: 1 << 10)
  static let pragma = KnownField(rawValue: 1 << 11)
  static let expires = KnownField(rawValue: 1 << 12)
  static let contentTypeOptions = KnownField(rawValue: 1 << 13)
  static let xssProtection = KnownField(rawValue: 1 << 14)
  static let frameOptions = KnownField(rawValue: 1 << 15)
  static let strictTransportSecurity = KnownField(rawValue: 1 << 16)
  static let contentEncoding = KnownField(rawValue: 1 << 17)
  static let entityTag = KnownField(rawValue: 1 << 18)

  /// Which known field a name is, if any.
  static func classify(_ name: Span<UInt8>) -> KnownField {
    switch name.count {
    case 4:
      name.equalsLowercase("host")
        ? .host
        : name.equalsLowercase("date")
          ? .date
          : name.equalsLowercase("etag") ? .entityTag : []
    case 6:
      name.equalsLowercase("expect")
        ? .expect
        : name.equalsLowercase("pragma")
          ? .pragma
          : name.equalsLowercase("server") ? .server : []
    case 7: name.equalsLowercase("expires") ? .expires : []
    case 10:
      name.equalsLowercase("connection") ? .connection : name.equalsLowercase("keep-alive") ? .keepAlive : []
    case 13: name.equalsLowercase("cache-control") ? .cacheControl : []
    case 14: name.equalsLowercase("content-length") ? .contentLength : []
    case 15:
      name.equalsLowercase("accept-encoding")
        ? .acceptEncoding
        : name.equalsLowercase("x-frame-options") ? .frameOptions : []
    case 16:
      name.equalsLowercase("x-xss-protection")
        ? .xssProtection
        : name.equalsLowercase("content-encoding") ? .contentEncoding : []
    case 17:
      name.equalsLowercase("transfer-encoding")
        ? .transferEncoding
        : name.equalsLowercase("x-forwarded-proto") ? .forwardedProto : []
    case 22: name.equalsLowercase("x-content-type-options") ? .contentTypeOptions : []
    case 25: name.equalsLowercase("strict-transport-security") ? .strictTransportSecurity : []
    default: []
    }
  }
}

extension Span<UInt8> {
  /// Compares without regard to ASCII case with a text of lower-case letters, digits and hyphens.
  @inline(__always)
  public func equalsLowercase(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    let expected = text.utf8Start
    for index in indices where lowercased(self[index]) != expected[index] { return false }
    return true
  }

  /// Compares exactly, byte by byte.
  public func equals(_ text: String) -> Bool {
    let other = text.utf8Span.span
    guard count == other.count else { return false }
    for index in indices where self[index] != other[index] { return false }
    return true
  }

  /// Compares exactly.
  @inline(__always)
  func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    let expected = text.utf8Start
    for index in indices where self[index] != expected[index] { return false }
    return true
  }
}

/// An ASCII letter in lower case, any other byte as it is.
@inline(__always)
func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
