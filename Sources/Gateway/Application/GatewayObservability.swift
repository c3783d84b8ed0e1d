internal import EventLoops
internal import HTTPTransport
internal import HTTPTypes
internal import Logging
internal import Observability
internal import Postgres
internal import ServiceKit
internal import SharedAuth
internal import Synchronization
internal import Time

/// Everything that watches the process, and where what it sees goes.
final class GatewayObservability: Sendable {
  /// The names under which the replaced services appear in Application Insights (`platform.md` §8.3).
  static let nonAssociationsRole = "hmpps-non-associations-api"
  static let restrictedPatientsRole = "hmpps-restricted-patients-api"

  let metrics: MetricsRegistry
  let spans: Spans
  let server: HTTPServerMetrics
  let upstreams: UpstreamObserver
  let databases: DatabaseMetrics
  /// Where each module sends its events: the log, and Application Insights if that is configured.
  let nonAssociationsTelemetry: any Telemetry
  let restrictedPatientsTelemetry: any Telemetry

  /// The thread that writes the metrics, which takes some milliseconds. One of its own, because threads that are shared
  /// with what blocks, such as look-ups of names, may all be taken in the very trouble that the metrics are to show.
  private let scribe: EventLoopGroup
  private let latestText = Mutex<Task<[UInt8], Never>?>(nil)
  private let client: HTTPClient
  let tracesClient: HTTPClient
  private let traces: OTLPTraceExporter?
  private let insights: [ApplicationInsights]

  init(
    _ configuration: Configuration.Observability,
    version: String,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger
  ) throws {
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
    let spans = Spans(traces?.tracer)
    scribe = try EventLoopGroup(count: 1)
    self.metrics = metrics
    self.client = client
    self.tracesClient = tracesClient
    self.traces = traces
    self.spans = spans
    server = HTTPServerMetrics(metrics)
    upstreams = UpstreamObserver(metrics, spans: spans)
    databases = DatabaseMetrics(metrics)

    var senders: [ApplicationInsightsConnection: ApplicationInsights] = [:]
    func telemetry(_ connection: ApplicationInsightsConnection?, role: String, module: String)
      -> any Telemetry
    {
      var logger = logger
      logger[metadataKey: "module"] = "\(module)"
      let logged = LoggedTelemetry(logger: logger)
      guard let connection else { return logged }
      let sender =
        senders[connection]
        ?? ApplicationInsights(
          connection,
          client: client,
          loop: group.any(),
          instance: HostName.current,
          version: version,
          clock: clock,
          logger: logger
        )
      senders[connection] = sender
      return CombinedTelemetry([logged, sender.telemetry(role: role)])
    }
    nonAssociationsTelemetry = telemetry(
      configuration.nonAssociationsInsights,
      role: Self.nonAssociationsRole,
      module: "non-associations"
    )
    restrictedPatientsTelemetry = telemetry(
      configuration.restrictedPatientsInsights,
      role: Self.restrictedPatientsRole,
      module: "restricted-patients"
    )
    insights = Array(senders.values)

    metrics.addProcess(version: version, started: Double(clock.now().microseconds) / 1e6)
    metrics.add(group)
    if let traces { metrics.add("traces") { traces.statistics } }
    if !insights.isEmpty {
      metrics.add("application_insights") { [insights] in
        insights.reduce(ExportStatistics()) { $0 + $1.statistics }
      }
    }
  }

  /// Sends what is still waiting, for at most two seconds.
  func shutdown() async {
    await traces?.shutdown(within: .seconds(2))
    for sender in insights { await sender.shutdown(within: .seconds(2)) }
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
