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
  private let recordsProbes: Bool
  private let accessLog: AccessLog?

  /// - Parameters:
  ///   - recordsProbes: whether somebody keeps the spans of probes too.
  ///   - accessLog: nil for none.
  public init(
    metrics: HTTPServerMetrics,
    spans: Spans,
    recordsProbes: Bool = false,
    accessLog: AccessLog? = nil
  ) {
    self.metrics = metrics
    self.spans = spans
    self.recordsProbes = recordsProbes
    self.accessLog = accessLog
  }

  /// Has `next` answer, in a span, and measures it. Probes begin no trace.
  ///
  /// Inlinable, so that where nothing is traced `next` is awaited by the caller itself.
  @inlinable @inline(__always)
  public func respond(to request: ServerRequest, _ next: Responder) async -> ServerResponse {
    let incoming = incomingSpan(request.head.fields)
    if isTraced(request, incoming) { return await trace(request, incoming, next) }
    let response = await next(request)
    finish(request, response, nil)
    return response
  }

  @usableFromInline func isTraced(_ request: ServerRequest, _ incoming: SpanContext?) -> Bool {
    incoming != nil || spans.tracer != nil && (recordsProbes || !isProbe(request.head.target))
  }

  @usableFromInline func trace(
    _ request: ServerRequest,
    _ incoming: SpanContext?,
    isolation: isolated (any Actor)? = #isolation,
    _ next: Responder
  ) async -> ServerResponse {
    let method = request.head.method.rawValue
    let operation = spans.operation(method, isProbe: incoming == nil && isProbe(request.head.target))
    request.record.isRecorded = operation != nil
    return await spans.around(method, .server, parent: incoming, operation: operation) { span in
      _ = isolation
      let response = await next(request)
      finish(request, response, span?.context.span ?? incoming)
      if let span, span.isRecording { describe(span, request, response) }
      return response
    }
  }

  /// Probes come every few seconds and say nothing in a trace; those of a caller who traces are his to want.
  private func isProbe(_ target: RequestTarget) -> Bool {
    target.pathEquals("/health/ping") || target.pathEquals("/health/liveness")
      || target.pathEquals("/health/readiness") || target.pathEquals("/health") || target.pathEquals("/info")
  }

  @usableFromInline func incomingSpan(_ fields: HeaderFields) -> SpanContext? {
    guard let name = HTTPField.Name.traceParent, let text = fields.value(name, atMost: 256) else {
      return nil
    }
    return SpanContext(
      traceparent: text,
      state: HTTPField.Name.traceState.flatMap { fields.value($0, atMost: 512) }
    )
  }

  @usableFromInline func finish(
    _ request: ServerRequest,
    _ response: ServerResponse,
    _ span: SpanContext?
  ) {
    let duration = request.clock.now().duration(since: request.arrival)
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
        forwardedFor: forwarded(request),
        span: span
      )
    )
  }

  /// OpenTelemetry's attributes, and those that the replaced services set from the token (docs/contract/platform.md
  /// §8.1).
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
    (span as? TraceSpan)?.detail { detail in
      detail.data = url(of: request)
      detail.client = request.remoteAddress.map {
        ForwardedTrust.client(of: $0, forwardedFor: forwarded(request))
      }
    }
    if let operation = span.context.operation {
      if let module = record.module { operation.belongs(to: module) }
      if let route = record.route { operation.found(route, method: method) }
    }
  }

  private func url(of request: ServerRequest) -> String {
    let (head, query) = (request.head, request.head.target.query.raw)
    let base = "\(request.isSecure ? "https" : "http")://\(head.authority)\(head.target.path)"
    return query.isEmpty ? base : "\(base)?\(query)"
  }

  private func forwarded(_ request: ServerRequest) -> String? {
    HTTPField.Name.forwardedFor.flatMap { request.head.fields.listEnd($0) }
  }
}

extension HTTPField.Name {
  static let forwardedFor = HTTPField.Name("X-Forwarded-For")
  static let traceParent = HTTPField.Name(SpanContext.fieldName)
  static let traceState = HTTPField.Name(SpanContext.stateFieldName)
}
