public import HTTPTypes

/// What a responder answers. The server adds `Date`, the framing and the security headers of docs/contract/platform.md
/// §1.8, compresses the body if the client accepts that, and leaves it out for HEAD, 204 and 304.
public struct ServerResponse: Sendable {
  /// A final status, 200 to 599. Anything else is sent as 500.
  public var status: HTTPResponse.Status
  /// `Connection: close` ends the connection after this answer; `Content-Length`, `Transfer-Encoding`,
  /// `Keep-Alive`, `Date` and `Server` are the server's own business and are left out.
  public var fields: HeaderFields
  /// The whole content, before compression.
  public var body: [UInt8]
  /// The same content, compressed once for all answers with it; nil for one that is made again each time.
  var fixed: FixedBody?

  /// A response with the given parts; without `Content-Type` unless `fields` has one.
  public init(status: HTTPResponse.Status, fields: HeaderFields = [:], body: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  /// A response whose content is the same each time.
  public init(status: HTTPResponse.Status, fields: HeaderFields = [:], body: FixedBody) {
    self.init(status: status, fields: fields, body: body.bytes)
    fixed = body
  }
}
