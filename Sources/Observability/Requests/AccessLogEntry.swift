public import EventLoops
public import HTTPTransport
public import ServiceKit

/// One answered request, as the access log has it. Making one copies a few references and formats nothing.
public struct AccessLogEntry: Sendable {
  /// The method, as it was sent.
  public let method: String
  /// The route's template, never the raw path; nil when no route was found.
  public let route: String?
  /// The status of the answer.
  public let status: Int
  /// From the request's head to its answer.
  public let duration: Duration
  /// Of the body, before compression.
  public let responseBytes: Int
  /// What the module wrote down of the request: its name, who asked, the correlation id.
  public let record: RequestRecord
  /// The client, or the proxy before us.
  public let remote: SocketAddress?
  /// The end of `X-Forwarded-For`, as it came.
  public let forwardedFor: String?
  /// The span of the request; nil where it is in no trace.
  public let span: SpanContext?
}
