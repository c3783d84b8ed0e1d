public import EventLoops
public import HTTPTransport
public import ServiceKit

/// One answered request, as the access log has it. Making one copies a few references and formats nothing.
public struct AccessLogEntry: Sendable {
  public let method: String
  /// The route's template, never the raw path; nil when no route was found.
  public let route: String?
  public let status: Int
  public let duration: Duration
  /// Of the body, before compression.
  public let responseBytes: Int
  public let record: RequestRecord
  /// The client, or the proxy before us.
  public let remote: SocketAddress?
  /// The end of `X-Forwarded-For`, as it came.
  public let forwardedFor: String?
  public let span: SpanContext?
}
