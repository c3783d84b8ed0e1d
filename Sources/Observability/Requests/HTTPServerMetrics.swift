public import HTTPTransport
internal import HTTPTypes
public import ServiceKit
internal import Synchronization

/// The metrics of the HTTP server.
public final class HTTPServerMetrics: Sendable {
  /// The route of a request that found none.
  static let noRoute = "unmatched"

  private let durations: DurationHistogram<ServerRequestLabels>
  private let refused: Counter<RefusedRequestLabels>
  private let registry: MetricsRegistry

  /// - Parameter registry: gets the metrics.
  public init(_ registry: MetricsRegistry) {
    self.registry = registry
    durations = registry.durations(
      name: "http_server_request_duration_seconds",
      help: "Time from a request's head to its answer, by route template.",
      labels: ServerRequestLabels.self
    )
    refused = registry.counter(
      name: "http_server_refused_requests_total",
      help:
        "Requests the server refused before any module saw them: malformed, too large, too slow, too many.",
      labels: RefusedRequestLabels.self
    )
  }

  func record(_ request: ServerRequest, status: Int, took: Duration) {
    let labels = ServerRequestLabels(
      method: request.head.method.rawValue,
      route: request.record.route ?? Self.noRoute,
      status: status,
      module: request.record.module ?? ""
    )
    durations.record(took, labels)
  }

  /// Counts an answer that the server gives by itself.
  public func countRefusal(status: Int) { refused.add(1, RefusedRequestLabels(status: status)) }

  /// Adds what a server tells of its connections.
  public func add(_ server: HTTPServer) {
    registry.gauge(name: "http_server_open_connections", help: "Connections open now.") {
      Double(server.openConnections)
    }
    registry.read(
      .counter,
      name: "http_server_connections_total",
      help: "Connections so far, by what became of them."
    ) {
      [
        MetricSample([("outcome", "accepted")], server.acceptedConnections),
        MetricSample([("outcome", "refused")], server.refusedConnections),
        MetricSample([("outcome", "ended_for_others")], server.endedConnections),
      ]
    }
  }
}
