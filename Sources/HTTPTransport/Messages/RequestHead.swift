public import HTTPTypes

/// The versions spoken here (RFC 9112 §2.3).
public enum HTTPVersion: Sendable, Hashable {
  /// HTTP/1.0: no `Host` needed, no chunks, connections end unless asked otherwise.
  case http10
  /// HTTP/1.1.
  case http11
}

/// Everything of a request before its body.
public struct RequestHead: Sendable {
  /// One of DELETE, GET, HEAD, OPTIONS, PATCH, POST and PUT when it came from a socket.
  public let method: HTTPRequest.Method
  /// Path and query.
  public let target: RequestTarget
  /// The client's version; answers are always HTTP/1.1 (RFC 9110 §6.2).
  public let version: HTTPVersion
  /// The header fields, `Host` included; trailers never get here.
  public let fields: HeaderFields
  private let targetAuthority: Range<Int>?

  /// For tests and for requests that come by another way than a socket.
  public init(
    method: HTTPRequest.Method,
    target: RequestTarget,
    version: HTTPVersion = .http11,
    fields: HeaderFields = [:]
  ) {
    self.init(method: method, target: target, version: version, fields: fields, targetAuthority: nil)
  }

  init(
    method: HTTPRequest.Method,
    target: RequestTarget,
    version: HTTPVersion,
    fields: HeaderFields,
    targetAuthority: Range<Int>?
  ) {
    self.method = method
    self.target = target
    self.version = version
    self.fields = fields
    self.targetAuthority = targetAuthority
  }

  /// Host and port the client addressed, as received: the `Host` field, which the parser has checked, or the
  /// authority of an absolute-form target; empty for an HTTP/1.0 request with neither.
  public var authority: String {
    guard let range = authorityRange else { return "" }
    return String(decoding: fields.storage[range], as: UTF8.self)
  }

  /// Whether the client addressed a host, by whatever spelling and port. The one thing that may decide which service a
  /// request sees: what a proxy says of the host, the client may have written.
  public func isAddressed(to host: HTTPHost) -> Bool {
    guard let range = authorityRange else { return false }
    return host.isNamed(by: fields.storage.span.extracting(range))
  }

  /// Whether the client addressed a host whose name begins with a label, as the names of a Kubernetes Service do.
  public func isAddressed(toFirstLabel label: HTTPHost) -> Bool {
    guard let range = authorityRange else { return false }
    return label.isFirstLabel(of: fields.storage.span.extracting(range))
  }

  private var authorityRange: Range<Int>? { fields.firstRange(.host) ?? targetAuthority }
}
