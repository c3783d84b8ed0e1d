internal import HTTPTransport
internal import HTTPTypes
internal import ServiceKit
internal import SharedAuth

/// A file of the page, held in the program. It tells nothing about anybody, so that anybody may have it.
struct StaticFile: Sendable {
  private let fields: HeaderFields
  private let unchangedFields: HeaderFields
  private let tag: String
  private let content: [UInt8]

  /// Scripts, styles and calls come from this server alone, and nothing is written into a page.
  private static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    + "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

  init(_ content: [UInt8], type: String) {
    self.content = content
    let digest = Digest.sha256(content).prefix(12)
    // Weak: the same file is sent with and without compression.
    tag = "W/\"\(Base64URL.encode(Array(digest)))\""
    // Asked for anew each time, which costs a short answer, so that a page never mixes two versions.
    unchangedFields = [.cacheControl: "no-cache", .eTag: tag]
    fields = [
      .cacheControl: "no-cache", .eTag: tag, .contentType: type, .contentSecurityPolicy: Self.policy,
    ]
  }

  /// The file at `template`, for everybody.
  func route(_ template: String) -> RouteDeclaration {
    RouteDeclaration(.get, template, .open, produces: .anything) { request in
      response(ifNoneMatch: request.field(.ifNoneMatch))
    }
  }

  private func response(ifNoneMatch condition: String?) -> ServerResponse {
    let known = condition?.split(separator: ",").map { $0.trimmingPrefix { $0 == " " } }
    if known?.contains(where: { $0.prefix(while: { $0 != " " }) == tag || $0 == "*" }) == true {
      return ServerResponse(status: .notModified, fields: unchangedFields, body: [])
    }
    return ServerResponse(status: .ok, fields: fields, body: content)
  }
}
