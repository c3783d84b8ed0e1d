internal import Crypto
internal import HTTPTransport
internal import HTTPTypes
internal import ServiceKit
internal import SharedAuth

/// A file of the page, held in the program. It tells nothing about anybody, so that anybody may have it.
struct StaticFile: Sendable {
  private let fields: HeaderFields
  private let tag: String
  private let fixed: FixedBody
  /// What the address says as `{version}` if it means this very content; nil for a file whose address has no version.
  private let version: String?

  /// Scripts, styles and calls come from this server alone, and nothing is written into a page.
  private static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    + "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

  init(_ content: [UInt8], type: String, version: String? = nil) {
    fixed = FixedBody(content)
    self.version = version
    // Weak: the same file is sent with and without compression.
    tag = "W/\"\(Self.version(of: [content]))\""
    fields = [.eTag: tag, .contentType: type, .contentSecurityPolicy: Self.policy]
  }

  /// A text that is another one for other contents.
  static func version(of contents: [[UInt8]]) -> String {
    Base64URL.encode(Array(Digest.sha256(contents.flatMap { Digest.sha256($0) }).prefix(12)))
  }

  /// The file at `template`, for everybody.
  func route(_ template: String) -> RouteDeclaration {
    RouteDeclaration(.get, template, .open, produces: .anything) { request in
      // While one version takes the place of another, a page of either may ask the other for its files: it gets what
      // there is, and asks again the next time.
      let isForGood = version.map { $0 == request.path("version") } ?? false
      return response(
        ifNoneMatch: request.field(.ifNoneMatch),
        cacheControl: isForGood ? "public, max-age=31536000, immutable" : "no-cache"
      )
    }
  }

  /// Whether `If-None-Match` (RFC 9110 §13.1.2) names this content, or any.
  private func isKnown(_ condition: String?) -> Bool {
    guard let condition else { return false }
    var isNamed = false
    let isWhole = FieldList.forEachElement(condition.utf8Span.span) { element in
      isNamed = isNamed || element.equalsLowercase("*") || element.equals(tag)
    }
    return isWhole && isNamed
  }

  private func response(ifNoneMatch condition: String?, cacheControl: String) -> ServerResponse {
    if isKnown(condition) {
      return ServerResponse(
        status: .notModified,
        fields: [.cacheControl: cacheControl, .eTag: tag],
        body: []
      )
    }
    var fields = fields
    fields[.cacheControl] = cacheControl
    return ServerResponse(status: .ok, fields: fields, body: fixed)
  }
}
