public import HTTPTypes

/// A request to an upstream.
public struct ClientRequest: Sendable {
  public var method: HTTPRequest.Method
  public var url: HTTPURL
  /// `Host`, `Content-Length`, `Transfer-Encoding`, `Connection`, `Keep-Alive`, `Expect` and `Accept-Encoding` are the
  /// client's own business and are left out: answers come uncompressed.
  public var fields: HeaderFields
  /// Sent whole before the answer is read. nil sends no body; POST, PUT and PATCH then say `Content-Length: 0` (RFC
  /// 9110 §8.6).
  public var body: [UInt8]?
  /// Whether sending the request twice does no more than sending it once (RFC 9110 §9.2.2). Only such a
  /// request is sent again, once, when a reused connection turns out to be closed; any other gets a connection of its
  /// own. Set it for a POST that only reads.
  public var isIdempotent: Bool
  /// Bytes of the answer's body to accept at the most. Default 10 MiB.
  public var maximumResponseBytes: Int

  /// - Parameter isIdempotent: nil goes by the method: GET, HEAD, PUT, DELETE and OPTIONS are, others are not.
  public init(
    method: HTTPRequest.Method = .get,
    url: HTTPURL,
    fields: HeaderFields = [:],
    body: [UInt8]? = nil,
    isIdempotent: Bool? = nil,
    maximumResponseBytes: Int = 10 * 1024 * 1024
  ) {
    self.method = method
    self.url = url
    self.fields = fields
    self.body = body
    self.isIdempotent = isIdempotent ?? Self.idempotentMethods.contains(method)
    self.maximumResponseBytes = maximumResponseBytes
  }

  private static let idempotentMethods: Set<HTTPRequest.Method> = [.get, .head, .put, .delete, .options]
}
