public import HTTPTransport
internal import HTTPTypes
public import ServiceKit
internal import Text
internal import Time
internal import Tracing

/// Goes around every request that the server hands on: its span, its metrics, its line in the access log.
public struct RequestObserver: Sendable {
  /// Takes an entry, or drops it; must not wait.
  public typealias AccessLog = @Sendable (AccessLogEntry) -> Void

  private let metrics: HTTPServerMetrics
  private let spans: Spans
  private let accessLog: AccessLog?

  /// - Parameter accessLog: nil for none.
  public init(metrics: HTTPServerMetrics, spans: Spans, accessLog: AccessLog? = nil) {
    self.metrics = metrics
    self.spans = spans
    self.accessLog = accessLog
  }

  public func respond(
    to request: ServerRequest,
    isolation: isolated (any Actor)? = #isolation,
    _ next: Responder
  ) async -> ServerResponse {
    let started = MonotonicInstant.now()
    let incoming = incomingSpan(request.head.fields)
    guard incoming != nil || spans.tracer != nil && !isProbe(request.head.target) else {
      let response = await next(request)
      finish(request, response, started, nil)
      return response
    }
    return await spans.around(request.head.method.rawValue, .server, parent: incoming) { span in
      _ = isolation
      let response = await next(request)
      finish(request, response, started, span?.context.span ?? incoming)
      if let span, span.isRecording { describe(span, request, response) }
      return response
    }
  }

  /// Probes come every few seconds and say nothing in a trace; those of a caller who traces are his to want.
  private func isProbe(_ target: RequestTarget) -> Bool {
    target.pathEquals("/health/ping") || target.pathEquals("/health/liveness")
      || target.pathEquals("/health/readiness") || target.pathEquals("/health") || target.pathEquals("/info")
  }

  private func incomingSpan(_ fields: HeaderFields) -> SpanContext? {
    guard let name = HTTPField.Name.traceParent, let text = fields.value(name, atMost: 256) else {
      return nil
    }
    return SpanContext(
      traceparent: text,
      state: HTTPField.Name.traceState.flatMap { fields.value($0, atMost: 512) }
    )
  }

  private func finish(
    _ request: ServerRequest,
    _ response: ServerResponse,
    _ started: MonotonicInstant,
    _ span: SpanContext?
  ) {
    let duration = MonotonicInstant.now().duration(since: started)
    metrics.record(request, status: response.status.code, took: duration)
    accessLog?(
      AccessLogEntry(
        method: request.head.method.rawValue,
        route: request.record.route,
        status: response.status.code,
        duration: duration,
        responseBytes: response.body.count,
        record: request.record,
        remote: request.remoteAddress,
        forwardedFor: HTTPField.Name.forwardedFor.flatMap { request.head.fields.listEnd($0) },
        span: span
      )
    )
  }

  /// OpenTelemetry's attributes, and those that the replaced services set from the token (`platform.md` §8.1).
  private func describe(_ span: any Tracing.Span, _ request: ServerRequest, _ response: ServerResponse) {
    let method = request.head.method.rawValue
    let record = request.record
    span.operationName = record.route.map { "\(method) \($0)" } ?? method
    span.updateAttributes { attributes in
      attributes["http.request.method"] = SpanAttribute.string(method)
      attributes["http.response.status_code"] = SpanAttribute.int64(Int64(response.status.code))
      attributes["url.scheme"] = SpanAttribute.string(request.isSecure ? "https" : "http")
      if let route = record.route { attributes["http.route"] = SpanAttribute.string(route) }
      if let module = record.module { attributes["module"] = SpanAttribute.string(module) }
      if let client = record.client { attributes["clientId"] = SpanAttribute.string(client) }
      if let user = record.user {
        attributes["username"] = SpanAttribute.string(user)
        attributes["enduser.id"] = SpanAttribute.string(user)
      }
      if let id = record.correlationID { attributes["correlationId"] = SpanAttribute.string(id) }
      if response.status.code >= 500 {
        attributes["error.type"] = SpanAttribute.string(String(response.status.code))
      }
    }
    if response.status.code >= 500 { span.setStatus(SpanStatus(code: .error)) }
  }
}

extension HTTPField.Name {
  static let forwardedFor = HTTPField.Name("X-Forwarded-For")
  static let traceParent = HTTPField.Name(SpanContext.fieldName)
  static let traceState = HTTPField.Name(SpanContext.stateFieldName)
}
