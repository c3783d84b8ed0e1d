internal import ServiceKit

/// What tells the series of `http_server_request_duration_seconds` apart (OpenTelemetry, "HTTP metrics").
struct ServerRequestLabels: MetricLabels {
  static let names = ["http_request_method", "http_route", "http_response_status_code", "module"]

  let method: String
  let route: String
  let status: Int
  let module: String

  var values: [String] { [method, route, String(status), module] }

  /// Of what differs most: each request hashes its labels.
  func hash(into hasher: inout Hasher) {
    hasher.combine(route)
    hasher.combine(status)
  }
}

/// The requests that the server could not even hand to a module, by status.
struct RefusedRequestLabels: MetricLabels {
  static let names = ["http_response_status_code"]
  let status: Int
  var values: [String] { [String(status)] }
}
