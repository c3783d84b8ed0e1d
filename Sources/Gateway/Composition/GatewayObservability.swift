internal import EventLoops
internal import HTTPTransport
internal import HTTPTypes
internal import Logging
internal import ModuleKit
internal import Observability
internal import Postgres
internal import ServiceKit
internal import SharedAuth
internal import Synchronization
internal import Time

/// Everything that watches the process, and where what it sees goes.
final class GatewayObservability: Sendable {
  let metrics: MetricsRegistry
  let spans: Spans
  let server: HTTPServerMetrics
  let upstreams: UpstreamObserver
  let databases: DatabaseMetrics
  /// The thread that writes the metrics, which takes some milliseconds. One of its own, because threads that are shared
  /// with what blocks, such as look-ups of names, may all be taken in the very trouble that the metrics are to show.
  private let scribe: EventLoopGroup
  private let latestText = Mutex<Task<[UInt8], Never>?>(nil)
  private let client: HTTPClient
  let tracesClient: HTTPClient
  private let traces: OTLPTraceExporter?
  private let insights: InsightsPlan
  /// Writes to Application Insights too, if there is one.
  let logger: Logger
  /// Writes to the log alone.
  private let plainLogger: Logger

  init(
    _ whole: Configuration,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger
  ) throws {
    let configuration = whole.observability
    let version = whole.about.version
    let metrics = MetricsRegistry(loops: group.loops.count)
    // Clients of their own: what is sent to a collector is neither measured nor traced.
    var calls = HTTPClientConfiguration()
    calls.proxy = configuration.proxy
    let client = HTTPClient(group: group, configuration: calls)
    let tracesTLS = try configuration.tracesCertificateFile.map { (file) throws(StreamError) in
      try TLSContext(trustedCertificatesFile: file)
    }
    let tracesClient = HTTPClient(group: group, configuration: calls, tls: tracesTLS)
    let traces = configuration.traces.map {
      OTLPTraceExporter($0, client: tracesClient, loop: group.any(), logger: logger)
    }
    let insights = InsightsPlan(whole, client: client, group: group, clock: clock, logger: logger)
    let isRecorded = traces != nil || insights.roles != nil
    let spans = Spans(isRecorded ? GatewayTracer(traces, insights.roles) : nil)
    scribe = try EventLoopGroup(count: 1)
    self.metrics = metrics
    self.client = client
    self.tracesClient = tracesClient
    self.traces = traces
    self.spans = spans
    self.insights = insights
    server = HTTPServerMetrics(metrics)
    upstreams = UpstreamObserver(metrics, spans: spans, clock: group)
    databases = DatabaseMetrics(metrics)
    plainLogger = logger
    self.logger = insights.roles.map { InsightsLogHandler.logger(logger, $0) } ?? logger

    metrics.addProcess(version: version, started: Double(clock.now().microseconds) / 1e6)
    metrics.add(group)
    if let traces { metrics.add("traces") { traces.statistics } }
    if !insights.senders.isEmpty {
      metrics.add("application_insights") { [senders = insights.senders] in
        senders.reduce(ExportStatistics()) { $0 + $1.statistics }
      }
    }
  }

  /// Whether somebody keeps the spans of probes: Application Insights does, by its own sampling.
  var keepsProbes: Bool { insights.roles != nil }

  /// Where a module sends its events: the log, and Application Insights if that is configured.
  func telemetry(of module: String) -> any Telemetry {
    var logger = plainLogger
    logger[metadataKey: "module"] = "\(module)"
    // Each gets the text that is its own, so that the log's lines do not come to Application Insights as well.
    let logged = LoggedTelemetry(logger: logger)
    return insights.telemetry(of: module).map { CombinedTelemetry([logged, $0]) } ?? logged
  }

  /// Application Insights alone; nil if the module has none.
  func insights(of module: String) -> (any Telemetry)? { insights.telemetry(of: module) }

  /// Sends what is still waiting, for at most two seconds.
  func shutdown() async {
    await traces?.shutdown(within: .seconds(2))
    for sender in insights.senders { await sender.shutdown(within: .seconds(2)) }
    await client.shutdown()
    await tracesClient.shutdown()
    // Nobody scrapes any more; the thread must outlive what it has begun.
    _ = await latestText.withLock { $0 }?.value
    scribe.shutdown()
  }

  // MARK: /metrics

  /// Whether a request is for the metrics, and not from outside: what an ingress passes on is no scrape.
  static func isForMetrics(_ request: ServerRequest) -> Bool {
    (request.head.method == .get || request.head.method == .head)
      && request.head.target.pathEquals("/metrics") && !request.isForwarded
  }

  /// The metrics, from memory: one text after another.
  func metricsResponse() async -> ServerResponse {
    let loop = scribe.loops[0]
    let text = latestText.withLock { latest in
      let before = latest
      let text = Task.detached(executorPreference: loop) { [metrics] in
        _ = await before?.value
        return await metrics.exposition()
      }
      latest = text
      return text
    }
    return ServerResponse(
      status: .ok,
      fields: [.contentType: MetricsRegistry.contentType],
      body: await text.value
    )
  }
}
