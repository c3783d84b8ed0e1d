internal import HTTPTypes

/// The first line of a request (RFC 9112 §3).
struct RequestLine: Sendable {
  enum Target: Hashable, Sendable {
    case resource(path: Range<Int>, query: Range<Int>)
    case serverWide(Range<Int>)
  }

  let method: HTTPRequest.Method
  let version: HTTPVersion
  let target: Target
  /// The host and port of an absolute-form target.
  var authority: Range<Int>? = nil
  /// The port that the scheme of such a target means where it names none (RFC 9110 §4.2).
  var defaultPort = 80
}

/// `method SP request-target SP HTTP-version`, with exactly one blank each time.
enum RequestLineParser {
  /// - Parameter range: the line within `bytes`, without its CRLF. The ranges of the answer count from the
  ///   start of `bytes` too.
  static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(RequestRefusal) -> RequestLine {
    var index = range.lowerBound
    while index < range.upperBound, ByteSet.token.contains(bytes[index]) { index += 1 }
    guard index > range.lowerBound, index < range.upperBound, bytes[index] == 0x20 else {
      throw .badRequest("malformed method")
    }
    let methodRange = range.lowerBound..<index
    let targetStart = index + 1
    guard let targetEnd = ByteScan.first(0x20, in: bytes, targetStart..<range.upperBound),
      targetEnd > targetStart
    else { throw .badRequest("malformed request line") }
    index = targetEnd
    let version = try version(bytes.extracting((index + 1)..<range.upperBound))
    let method = try method(bytes.extracting(methodRange))
    return try target(bytes, targetStart..<index, method, version)
  }

  private static func version(_ text: Span<UInt8>) throws(RequestRefusal) -> HTTPVersion {
    if text.equals("HTTP/1.1") { return .http11 }
    if text.equals("HTTP/1.0") { return .http10 }
    let isVersion =
      text.count == 8 && text.extracting(0..<5).equals("HTTP/") && ByteSet.isDigit(text[5]) && text[6] == 0x2e
      && ByteSet.isDigit(text[7])
    throw isVersion ? .versionNotSupported : .badRequest("malformed HTTP version")
  }

  /// The seven methods of docs/contract/platform.md §2.5. `CONNECT`, `TRACE` and all others are not implemented (RFC
  /// 9110 §9.1).
  private static func method(_ text: Span<UInt8>) throws(RequestRefusal) -> HTTPRequest.Method {
    switch text.count {
    case 3 where text.equals("GET"): .get
    case 3 where text.equals("PUT"): .put
    case 4 where text.equals("POST"): .post
    case 4 where text.equals("HEAD"): .head
    case 5 where text.equals("PATCH"): .patch
    case 6 where text.equals("DELETE"): .delete
    case 7 where text.equals("OPTIONS"): .options
    default: throw .methodNotImplemented
    }
  }

  private static func target(
    _ bytes: Span<UInt8>,
    _ range: Range<Int>,
    _ method: HTTPRequest.Method,
    _ version: HTTPVersion
  ) throws(RequestRefusal) -> RequestLine {
    let first = bytes[range.lowerBound]
    if first == 0x2f {
      let target = try resource(bytes, range)
      return RequestLine(method: method, version: version, target: target)
    }
    if first == 0x2a, range.count == 1 {
      guard method == .options else { throw .badRequest("asterisk target without OPTIONS") }
      return RequestLine(method: method, version: version, target: .serverWide(range))
    }
    return try absolute(bytes, range, method, version)
  }

  private static func resource(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(RequestRefusal)
    -> RequestLine.Target
  {
    guard let found = RequestTargetParser.originForm(bytes.extracting(range)) else {
      throw .badRequest("malformed request target")
    }
    return .resource(
      path: found.path.shifted(by: range.lowerBound),
      query: found.query.shifted(by: range.lowerBound)
    )
  }

  /// Absolute-form (RFC 9112 §3.2.2): `http://authority/path?query`, an empty path meaning `/`.
  private static func absolute(
    _ bytes: Span<UInt8>,
    _ range: Range<Int>,
    _ method: HTTPRequest.Method,
    _ version: HTTPVersion
  ) throws(RequestRefusal) -> RequestLine {
    let text = bytes.extracting(range)
    let schemeLength: Int
    if text.count > 7, text.extracting(0..<4).equalsLowercase("http"), text.extracting(4..<7).equals("://") {
      schemeLength = 4
    } else if text.count > 8, text.extracting(0..<5).equalsLowercase("https"),
      text.extracting(5..<8).equals("://")
    {
      schemeLength = 5
    } else {
      throw .badRequest("malformed request target")
    }
    let defaultPort = schemeLength == 5 ? 443 : 80
    let authorityStart = range.lowerBound + schemeLength + 3
    var index = authorityStart
    while index < range.upperBound, bytes[index] != 0x2f, bytes[index] != 0x3f { index += 1 }
    let authority = authorityStart..<index
    guard Authority.isValid(bytes.extracting(authority)) else {
      throw .badRequest("malformed request target")
    }
    if index < range.upperBound, bytes[index] == 0x2f {
      let target = try resource(bytes, index..<range.upperBound)
      return RequestLine(
        method: method,
        version: version,
        target: target,
        authority: authority,
        defaultPort: defaultPort
      )
    }
    // The empty path is `/`: the first slash of `://` lends it a place in the bytes.
    let slash = range.lowerBound + schemeLength + 1
    var query = index..<index
    if index < range.upperBound {
      query = (index + 1)..<range.upperBound
      guard RequestTargetParser.isQuery(bytes.extracting(query)) else {
        throw .badRequest("malformed request target")
      }
    }
    let target = RequestLine.Target.resource(path: slash..<(slash + 1), query: query)
    return RequestLine(
      method: method,
      version: version,
      target: target,
      authority: authority,
      defaultPort: defaultPort
    )
  }
}

extension Range<Int> {
  func shifted(by offset: Int) -> Range<Int> { (lowerBound + offset)..<(upperBound + offset) }
}
