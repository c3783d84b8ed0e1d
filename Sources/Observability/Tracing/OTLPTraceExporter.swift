public import EventLoops
public import HTTPTransport
internal import HTTPTypes
public import Logging
internal import ServiceKit
internal import Tracing

/// Sends spans to an OpenTelemetry collector: OTLP over HTTP, in its JSON encoding, in batches, from the background.
public final class OTLPTraceExporter: Sendable {
  /// Where spans go and as whose.
  public struct Configuration: Sendable {
    /// `…/v1/traces`.
    public var url: HTTPURL
    /// Further fields of each request, such as a collector's key.
    public var headers: [(name: String, value: String)] = []
    /// `service.name`.
    public var serviceName: String
    /// `service.version`.
    public var serviceVersion: String
    /// The share of the traces begun here that are recorded, 0 to 1.
    public var sampleRatio = 1.0

    /// - Parameters:
    ///   - url: `…/v1/traces`.
    ///   - serviceName: `service.name`.
    ///   - serviceVersion: `service.version`.
    public init(url: HTTPURL, serviceName: String, serviceVersion: String) {
      self.url = url
      self.serviceName = serviceName
      self.serviceVersion = serviceVersion
    }
  }

  /// The share of the traces begun here that are sent.
  let sampleRatio: Double
  private let queue: ExportQueue<FinishedSpan>

  /// - Parameters:
  ///   - client: one of its own, which is not traced itself.
  ///   - loop: where batches are made and sent.
  public init(
    _ configuration: Configuration,
    client: HTTPClient,
    loop: EventLoop,
    settings: ExportSettings = ExportSettings(),
    logger: Logger
  ) {
    var fields: HeaderFields = [.contentType: "application/json"]
    for (name, value) in configuration.headers {
      if let name = HTTPField.Name(name) { fields[name] = value }
    }
    let headers = fields
    let queue = ExportQueue<FinishedSpan>("traces", settings, loop: loop, logger: logger) { spans, deadline in
      let request = ClientRequest(
        method: .post,
        url: configuration.url,
        fields: headers,
        body: OTLPTraceEncoder.encode(spans, configuration),
        isIdempotent: false,
        maximumResponseBytes: 65_536
      )
      return await ExportOutcome(of: spans) { () async throws(HTTPClientError) in
        try await client.send(request, deadline: deadline)
      }
    }
    self.queue = queue
    sampleRatio = configuration.sampleRatio
  }

  /// Queues a span.
  func add(_ span: FinishedSpan) { queue.add(span) }

  /// What was sent, lost, and is waiting.
  public var statistics: ExportStatistics { queue.statistics }

  /// Sends what is waiting, and ends.
  public func shutdown(within limit: Duration) async { await queue.shutdown(within: limit) }
}
