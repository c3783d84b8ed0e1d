public import HTTPTransport
internal import HTTPTypes
public import ServiceKit
internal import Text
public import Time
internal import Tracing

/// What tells the series of `http_client_request_duration_seconds` apart (OpenTelemetry, "HTTP metrics").
struct ClientRequestLabels: MetricLabels {
  static let names = [
    "server_address", "server_port", "http_request_method", "http_response_status_code", "error_type",
  ]

  let origin: HTTPOrigin
  let method: String
  /// nil when there was no answer; `error` says why then.
  let status: Int?
  let error: String

  var values: [String] { [origin.host, String(origin.port), method, status.map { String($0) } ?? "", error] }
}

/// Goes around every call of another service: its span, its metrics, and the trace it takes along.
public struct UpstreamObserver: Sendable {
  private let durations: DurationHistogram<ClientRequestLabels>
  private let registry: MetricsRegistry
  private let spans: Spans
  private let clock: any MonotonicClock

  /// - Parameters:
  ///   - registry: gets the metrics of calls.
  ///   - spans: opens a span around each call.
  ///   - clock: what the calls are measured by.
  public init(_ registry: MetricsRegistry, spans: Spans, clock: any MonotonicClock) {
    self.registry = registry
    self.spans = spans
    self.clock = clock
    durations = registry.durations(
      name: "http_client_request_duration_seconds",
      help: "Time of calls to other services, the wait for a connection included.",
      labels: ClientRequestLabels.self
    )
  }

  /// For `HTTPClient.init`.
  public var interceptor: HTTPClientInterceptor {
    { (request, send) async throws(HTTPClientError) in try await observe(request, send) }
  }

  /// Adds what a client tells of its connections.
  public func add(_ client: HTTPClient) {
    registry.read(
      .gauge,
      name: "http_client_open_connections",
      help: "Connections to other services, by state."
    ) {
      await client.statistics().flatMap { part in
        let labels = [("server_address", part.origin.host), ("server_port", "\(part.origin.port)")]
        return [
          MetricSample(labels + [("http_connection_state", "active")], part.inUse),
          MetricSample(labels + [("http_connection_state", "idle")], part.idle),
        ]
      }
    }
    registry.read(
      .gauge,
      name: "http_client_waiting_requests",
      help: "Calls to other services that wait for a connection."
    ) {
      await client.statistics().map { part in
        let labels = [("server_address", part.origin.host), ("server_port", "\(part.origin.port)")]
        return MetricSample(labels, part.waiting)
      }
    }
  }

  private func observe(
    _ request: ClientRequest,
    isolation: isolated (any Actor)? = #isolation,
    _ send: (ClientRequest) async throws(HTTPClientError) -> ClientResponse
  ) async throws(HTTPClientError) -> ClientResponse {
    // Work that belongs to no trace, such as asking a queue for messages, does not begin one with each call.
    guard let parent = SpanContext.current else { return try await measured(request, send) }
    let method = request.method.rawValue
    return try await spans.around(method, .client, parent: parent) { (span) async throws(HTTPClientError) in
      _ = isolation
      var request = request
      if let name = HTTPField.Name.traceParent, let current = SpanContext.current {
        request.fields[name] = current.traceparent
        if let name = HTTPField.Name.traceState { request.fields[name] = current.state }
      }
      if let span, span.isRecording {
        (span as? TraceSpan)?.detail { detail in
          detail.name = "\(method) \(request.url.withoutQuery.target)"
          detail.data = request.url.description
          detail.target = request.url.origin.authority
        }
        span.updateAttributes { attributes in
          attributes["http.request.method"] = SpanAttribute.string(method)
          attributes["server.address"] = SpanAttribute.string(request.url.host)
          attributes["server.port"] = SpanAttribute.int64(Int64(request.url.port))
        }
      }
      let response = try await measured(request, send)
      if let span, span.isRecording {
        span.attributes["http.response.status_code"] = SpanAttribute.int64(Int64(response.status.code))
        if response.status.code >= 400 {
          span.attributes["error.type"] = SpanAttribute.string(String(response.status.code))
          span.setStatus(SpanStatus(code: .error))
        }
      }
      return response
    }
  }

  private func measured(
    _ request: ClientRequest,
    _ send: (ClientRequest) async throws(HTTPClientError) -> ClientResponse
  ) async throws(HTTPClientError) -> ClientResponse {
    let started = clock.now()
    func record(_ status: Int?, _ error: String) {
      let labels = ClientRequestLabels(
        origin: request.url.origin,
        method: request.method.rawValue,
        status: status,
        error: error
      )
      durations.record(clock.now().duration(since: started), labels)
    }
    do {
      let response = try await send(request)
      record(response.status.code, response.status.code >= 400 ? String(response.status.code) : "")
      return response
    } catch {
      record(nil, error.kind)
      throw error
    }
  }
}

extension HTTPClientError {
  /// A word for each cause.
  var kind: String {
    switch self {
    case .connect, .proxy: "connect"
    case .timedOut, .noConnectionInTime: "timeout"
    case .closedBeforeAnswer, .truncatedAnswer, .connectionLost: "connection_lost"
    case .malformedAnswer: "malformed_answer"
    case .answerTooLarge: "answer_too_large"
    case .poolExhausted: "pool_exhausted"
    case .cancelled: "cancelled"
    case .shutDown: "shut_down"
    }
  }
}
