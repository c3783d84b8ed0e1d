/// What a request asks for (RFC 9112 §3.2): a path and a query, in origin-form or taken from the
/// absolute-form.
///
/// Made by a strict parser: a target with a malformed `%`, a dot segment, an empty segment inside the path,
/// an encoded `/`, `\`, `.`, `%`, `;` or control character never becomes a value of this type.
public struct RequestTarget: Sendable {
  private let bytes: [UInt8]
  private let pathRange: Range<Int>
  private let queryRange: Range<Int>

  /// Parses an origin-form target such as `/prisoner/A1234BC?open=true`; nil where a server would answer 400.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let ranges = RequestTargetParser.originForm(bytes.span) else { return nil }
    self.init(bytes, path: ranges.path, query: ranges.query)
  }

  init(_ bytes: [UInt8], path: Range<Int>, query: Range<Int>) {
    self.bytes = bytes
    pathRange = path
    queryRange = query
  }

  /// The path as received, without the query: `/a%20b/`.
  public var path: String { String(decoding: bytes[pathRange], as: UTF8.self) }

  /// The path with its percent-encoding undone: `/a b/`.
  public var decodedPath: String { PercentCoding.decode(bytes, pathRange, plusIsBlank: false) ?? path }

  /// More parts of a path are left out: no route has so many.
  static let maximumSegments = 32

  /// The decoded parts of the path, at most 32: `/a/b` has two, `/a/b/` a third, empty one, `/` a single empty one.
  public var segments: [String] {
    var segments: [String] = []
    var start = pathRange.lowerBound + 1
    while start <= pathRange.upperBound, segments.count < Self.maximumSegments {
      let end = ByteScan.first(0x2f, in: bytes.span, start..<pathRange.upperBound) ?? pathRange.upperBound
      segments.append(PercentCoding.decode(bytes, start..<end, plusIsBlank: false) ?? "")
      start = end + 1
    }
    return segments
  }

  /// The parameters behind `?`; empty if there are none.
  public var query: QueryParameters { QueryParameters(bytes, queryRange) }

  /// Compares the raw path with a text, without making a String.
  public func pathEquals(_ text: StaticString) -> Bool { bytes.span.extracting(pathRange).equals(text) }
}
