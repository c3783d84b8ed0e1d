internal import EventLoops
internal import Text

/// The address of an upstream or of one call of it: `http` or `https`, a host, and a path.
///
/// Read strictly (RFC 3986): what it holds can be sent as it is, so no text from a caller can break out of the
/// request line.
public struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
  public let origin: HTTPOrigin
  /// Empty, or begins with `/`; percent-encoded.
  private let path: String
  /// Without the `?`; percent-encoded.
  private let query: String?

  private init(origin: HTTPOrigin, path: String, query: String?) {
    self.origin = origin
    self.path = path
    self.query = query
  }

  /// - Throws: `HTTPURLError`.
  public init(_ text: String) throws(HTTPURLError) {
    let (scheme, afterScheme) = try Self.scheme(text)
    let authority = afterScheme.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    origin = try Self.origin(scheme, authority)
    let target = afterScheme[authority.endIndex...]
    guard !target.contains("#") else { throw .fragment }
    let mark = target.firstIndex(of: "?")
    let path = target[..<(mark ?? target.endIndex)]
    let query = mark.map { target[target.index(after: $0)...] }
    guard URLCoding.isValid(path), URLCoding.isValid(query ?? "") else { throw .invalidCharacter }
    self.path = String(path)
    self.query = query.map(String.init)
  }

  public var scheme: HTTPOrigin.Scheme { origin.scheme }
  public var host: String { origin.host }
  public var port: UInt16 { origin.port }

  /// The path, percent-encoded and without a slash at its end: empty for `http://host/`.
  public var basePath: String { path.hasSuffix("/") ? String(path.dropLast()) : path }

  /// What the request line holds: path and query, at least `/` (RFC 9112 §3.2.1).
  public var target: String {
    let path = path.isEmpty ? "/" : path
    return query.map { "\(path)?\($0)" } ?? path
  }

  /// The URL without its query, as the contract's error texts have it.
  public var withoutQuery: HTTPURL { HTTPURL(origin: origin, path: path, query: nil) }

  public var description: String { origin.description + path + (query.map { "?\($0)" } ?? "") }

  /// A URL below this one.
  /// - Parameters:
  ///   - suffix: appended to `basePath`, after a `/` if it does not begin with one. Not yet encoded: what a path must
  ///     not hold is percent-encoded here, `%`, `?` and `#` among it.
  ///   - query: names and values in order, not yet encoded: everything but letters, digits and `-._~` is encoded.
  public func path(_ suffix: String, query: [(String, String)] = []) -> HTTPURL {
    let slash = suffix.isEmpty || suffix.hasPrefix("/") ? "" : "/"
    return HTTPURL(
      origin: origin,
      path: basePath + slash + URLCoding.encodePath(suffix),
      query: Self.encode(query)
    )
  }

  /// A URL below this one, by segments: a `/` in a segment is encoded, so a value stays one segment, and a segment of
  /// dots alone cannot climb.
  public func path(segments: [String], query: [(String, String)] = []) -> HTTPURL {
    let suffix = segments.map { segment in
      segment == "." || segment == ".."
        ? String(repeating: "%2E", count: segment.utf8.count) : PercentCoding.encode(segment)
    }
    return HTTPURL(
      origin: origin,
      path: basePath + suffix.map { "/" + $0 }.joined(),
      query: Self.encode(query)
    )
  }

  private static func encode(_ query: [(String, String)]) -> String? {
    guard !query.isEmpty else { return nil }
    return query.map { "\(PercentCoding.encode($0))=\(PercentCoding.encode($1))" }
      .joined(separator: "&")
  }

  // MARK: Reading

  private static func scheme(_ text: String) throws(HTTPURLError) -> (HTTPOrigin.Scheme, Substring) {
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://"),
      let scheme = HTTPOrigin.Scheme(code: String(text[..<colon]).asciiLowercased)
    else { throw .unsupportedScheme }
    return (scheme, text[colon...].dropFirst(3))
  }

  private static func origin(
    _ scheme: HTTPOrigin.Scheme,
    _ authority: Substring
  ) throws(HTTPURLError) -> HTTPOrigin {
    guard !authority.contains("@") else { throw .credentials }
    let host: Substring
    let rest: Substring
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { throw .invalidHost }
      host = authority[..<end].dropFirst()
      rest = authority[end...].dropFirst()
      guard host.contains(":"), SocketAddress(numeric: String(host), port: 0) != nil else {
        throw .invalidHost
      }
    } else {
      host = authority.prefix { $0 != ":" }
      rest = authority[host.endIndex...]
      guard !host.isEmpty, host.utf8.count <= 255, host.utf8.allSatisfy(isNameByte) else {
        throw .invalidHost
      }
    }
    return HTTPOrigin(scheme: scheme, host: host.lowercased(), port: try port(rest) ?? scheme.defaultPort)
  }

  private static func port(_ text: Substring) throws(HTTPURLError) -> UInt16? {
    guard !text.isEmpty else { return nil }
    let digits = text.dropFirst()
    guard text.hasPrefix(":"), !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = UInt16(digits), port > 0
    else { throw .invalidPort }
    return port
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    ByteSet.unreserved.contains(byte) && byte != UInt8(ascii: "~")
  }
}
