internal import EventLoops
internal import Events
internal import HTTPTransport
internal import HTTPTypes
internal import Logging
internal import NonAssociationsModule
internal import Observability
internal import Postgres
internal import RestrictedPatientsModule
internal import ServiceKit
internal import SharedAuth
internal import Time

/// The whole gateway, running: the one place where configuration becomes objects that know each other. Commands and
/// tests start it the same way.
final class GatewayApplication: Sendable {
  /// Where it listens, with the port the kernel chose if 0 was asked for.
  let address: SocketAddress

  private let isSecure: Bool
  let server: HTTPServer
  /// The non-associations database.
  let database: PostgresDatabase
  let restrictedPatients: RestrictedPatientsParts
  let dailyCheck: Task<Void, Never>?
  let client: HTTPClient
  let upstreamHealth: UpstreamHealth
  let keysClient: HTTPClient
  let messaging: Messaging
  let events: EventsRuntime
  let bus: EventBus
  let readiness: ReadinessState
  let drainTime: Duration
  let shutdownTimeout: Duration
  let logger: Logger
  let observability: GatewayObservability
  /// The listener for `/metrics` alone, and where it listens, if there is one.
  let metricsServer: HTTPServer?
  let metricsAddress: SocketAddress?
  let certificates: Certificates
  /// What is answered where.
  let mount: Mount

  private init(
    address: SocketAddress,
    isSecure: Bool,
    server: HTTPServer,
    database: PostgresDatabase,
    restrictedPatients: RestrictedPatientsParts,
    dailyCheck: Task<Void, Never>?,
    client: HTTPClient,
    upstreamHealth: UpstreamHealth,
    keysClient: HTTPClient,
    messaging: Messaging,
    events: EventsRuntime,
    bus: EventBus,
    readiness: ReadinessState,
    drainTime: Duration,
    shutdownTimeout: Duration,
    logger: Logger,
    observability: GatewayObservability,
    metrics: (server: HTTPServer, address: SocketAddress)?,
    certificates: Certificates,
    mount: Mount
  ) {
    self.address = address
    self.isSecure = isSecure
    self.server = server
    self.database = database
    self.restrictedPatients = restrictedPatients
    self.dailyCheck = dailyCheck
    self.client = client
    self.upstreamHealth = upstreamHealth
    self.keysClient = keysClient
    self.messaging = messaging
    self.events = events
    self.bus = bus
    self.readiness = readiness
    self.drainTime = drainTime
    self.shutdownTimeout = shutdownTimeout
    self.logger = logger
    self.observability = observability
    metricsServer = metrics?.server
    metricsAddress = metrics?.address
    self.certificates = certificates
    self.mount = mount
  }

  /// Migrates the database, builds the modules and listens.
  /// - Parameters:
  ///   - clock: the time of day, for records and for tokens.
  ///   - accessLog: gets an entry for each answer; nil for none.
  ///   - patientsOutbox: where the restricted patients module leaves its events, if not in its database.
  ///   - patientsTelemetry: gets that module's custom events in place of the configured collectors.
  ///   - localRoutes: what the all-in-one profile adds to the console; nil outside of it.
  ///   - certificateInterval: how often the files of certificates are looked at.
  /// - Throws: what keeps the gateway from serving: a refused migration, an address in use, unreadable certificates.
  static func start(
    _ configuration: Configuration,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger,
    accessLog: RequestObserver.AccessLog? = nil,
    patientsOutbox: (any Outbox)? = nil,
    patientsTelemetry: (any Telemetry)? = nil,
    localRoutes: [RouteDeclaration]? = nil,
    certificateInterval: Duration = Certificates.interval
  ) async throws -> GatewayApplication {
    let urls = try UpstreamURLs(configuration)
    let serverTLS = try configuration.server.tlsFiles.map { (files) throws(StreamError) in
      try TLSContext(certificateFile: files.certificate, privateKeyFile: files.privateKey)
    }
    let observability = try GatewayObservability(
      configuration.observability,
      version: configuration.about.version,
      group: group,
      clock: clock,
      logger: logger
    )
    let database = try PostgresDatabase(
      configuration: configuration.nonAssociationsDatabase.postgres,
      group: group,
      logger: logger,
      observer: observability.databases.observer(of: "non-associations", spans: observability.spans)
    )
    observability.databases.add(
      database,
      name: "non-associations",
      maximum: configuration.nonAssociationsDatabase.connections(onLoops: group.loops.count)
    )
    let london = try LondonTime()
    let restrictedPatients = try RestrictedPatientsParts(
      configuration,
      urls: urls,
      group: group,
      london: london,
      clock: clock,
      outbox: patientsOutbox ?? configuration.messaging.patientsOutbox,
      telemetry: patientsTelemetry ?? observability.restrictedPatientsTelemetry,
      observability: observability,
      logger: logger
    )
    let messaging = try Messaging(
      configuration.messaging,
      database: database,
      upstreams: configuration.upstreams,
      group: group,
      clock: clock,
      logger: logger
    )
    async let names: Void = messaging.checkNames(on: group.any(), logger: logger)
    try await DatabaseMigrations(
      nonAssociations: database,
      restrictedPatients: restrictedPatients.database,
      logger: logger
    ).apply()
    try await names
    try await messaging.prepare()
    let tls = try urls.clientTLS(configuration.upstreams)
    let client = HTTPClient(
      group: group,
      configuration: configuration.upstreams.clientConfiguration,
      tls: tls,
      interceptor: observability.upstreams.interceptor
    )
    var asking = configuration.upstreams.clientConfiguration
    asking.maximumConnectionsPerOrigin = 4
    let upstreamHealth = UpstreamHealth(
      urls,
      client: HTTPClient(
        group: group,
        configuration: asking,
        tls: tls,
        interceptor: observability.upstreams.interceptor
      ),
      timeout: configuration.about.healthTimeout
    )
    let keysClient = HTTPClient(
      group: group,
      configuration: configuration.upstreams.keysClientConfiguration,
      tls: tls,
      interceptor: observability.upstreams.interceptor
    )
    for each in [client, keysClient] { observability.upstreams.add(each) }
    let shared = SharedParts(
      configuration: configuration,
      urls: urls,
      client: client,
      upstreamHealth: upstreamHealth,
      keysClient: keysClient,
      london: london,
      clock: clock,
      observability: observability,
      readiness: ReadinessState(),
      messaging: messaging,
      bus: EventBus(),
      localRoutes: localRoutes,
      logger: logger
    )
    let nonAssociations = HostedModule.nonAssociations(shared, database: database)
    let hosted = [nonAssociations, .restrictedPatients(shared, restrictedPatients)]
    var eventsSettings = EventsRuntime.Settings()
    eventsSettings.outbox.maximumInFlight = messaging.messagesInFlight
    eventsSettings.outbox.maximumQueueSize = configuration.messaging.maximumQueueSize
    eventsSettings.redriveInterval = configuration.messaging.redriveInterval
    let events = EventsRuntime(
      hosted.map(\.part),
      settings: eventsSettings,
      bus: shared.bus,
      spans: observability.spans,
      group: group,
      logger: logger
    )
    let mount = try mount(hosted, errorsOf: nonAssociations.module, shared, events)
    let observer = RequestObserver(
      metrics: observability.server,
      spans: observability.spans,
      accessLog: accessLog
    )
    let servesMetrics = configuration.observability.metricsPort == nil
    let errors = TransportErrors(logger: logger)
    let limits = configuration.serverLimits(loops: group.loops.count)
    for warning in limits.warnings { logger.warning("\(warning)") }
    let server = HTTPServer(
      configuration: configuration.server.http(limits: limits) { status, reason in
        observability.server.countRefusal(status: status.code)
        return errors.response(status, reason)
      },
      tls: serverTLS,
      group: group,
      logger: logger,
      responder: { request in
        // A module's own host shows that module's surface alone.
        if servesMetrics, GatewayObservability.isForMetrics(request), mount.ownEntry(of: request) == nil {
          return await observability.metricsResponse()
        }
        return await observer.respond(to: request) { await mount.respond(to: $0) }
      }
    )
    observability.server.add(server)
    guard let wanted = configuration.server.address(port: configuration.server.port) else {
      throw ConfigurationError(problems: [
        "SERVER_HOST: '\(configuration.server.host)' is not a numeric address"
      ])
    }
    observability.metrics.add(events, on: group.any())
    let address: SocketAddress
    do {
      address = try await server.start(address: wanted)
    } catch {
      throw ConfigurationError(problems: [
        "SERVER_PORT: nothing can listen at \(wanted) (\(error)): stop what is there, or choose another port"
      ])
    }
    await events.start()
    let certificates = Certificates(
      Self.certificateUses(configuration, server, client, upstreamHealth, messaging, observability),
      logger: logger
    )
    certificates.add(to: observability.metrics)
    certificates.start(every: certificateInterval)
    let metrics = try await metricsListener(configuration, observability, group: group, logger: logger)
    return GatewayApplication(
      address: address,
      isSecure: serverTLS != nil,
      server: server,
      database: database,
      restrictedPatients: restrictedPatients,
      dailyCheck: configuration.restrictedPatients.pastDateCheckTime.map { time in
        restrictedPatients.startDailyCheck(at: time, group: group)
      },
      client: client,
      upstreamHealth: upstreamHealth,
      keysClient: keysClient,
      messaging: messaging,
      events: events,
      bus: shared.bus,
      readiness: shared.readiness,
      drainTime: configuration.server.drainTime,
      shutdownTimeout: configuration.server.shutdownTimeout,
      logger: logger,
      observability: observability,
      metrics: metrics,
      certificates: certificates,
      mount: mount
    )
  }

  /// Which module answers what.
  /// - Parameter first: whose error shape paths have that belong to no module alone.
  private static func mount(
    _ hosted: [HostedModule],
    errorsOf first: any Module,
    _ shared: SharedParts,
    _ events: EventsRuntime
  ) throws -> Mount {
    let keys = JWKSCache(logger: shared.logger, client: shared.keysClient, issuer: shared.urls.oauth)
    let verifier = TokenVerifier(jwks: keys, clock: shared.clock)
    shared.observability.metrics.add(verifier, keys: keys)
    let surface = ModuleSurface(shared, events)
    let all = hosted.map { (hosted: $0, health: $0.health(shared, events)) }
    let entries = try all.map { hosted, health in
      Mount.Entry(
        try ModuleResponder(
          module: hosted.module,
          surface: surface.routes(around: hosted, health: health),
          verifier: verifier,
          logger: shared.logger
        ),
        hosts: hosted.hosts,
        basePath: hosted.basePath
      )
    }
    let union = try ModuleResponder(
      module: surface.union(first, all),
      verifier: verifier,
      logger: shared.logger
    )
    return Mount(entries, union: union)
  }

  /// A listener for `/metrics` alone, if it has a port of its own.
  private static func metricsListener(
    _ configuration: Configuration,
    _ observability: GatewayObservability,
    group: EventLoopGroup,
    logger: Logger
  ) async throws -> (server: HTTPServer, address: SocketAddress)? {
    guard let port = configuration.observability.metricsPort,
      let wanted = configuration.server.address(port: port)
    else { return nil }
    let errors = TransportErrors(logger: logger)
    var http = configuration.server.http(
      limits: configuration.serverLimits(loops: group.loops.count),
      errorResponse: errors.response
    )
    // For a few scrapers: a crowd here takes nothing from the requests.
    http.maximumConnections = 32
    http.maximumTurnedAway = 32
    http.maximumHeldBytes = 4_194_304
    let server = HTTPServer(
      configuration: http,
      tls: nil,
      group: group,
      logger: logger,
      responder: { request in
        GatewayObservability.isForMetrics(request)
          ? await observability.metricsResponse()
          : errors.response(.notFound, "only /metrics is here")
      }
    )
    return (server, try await server.start(address: wanted))
  }

  var restrictedPatientsDatabase: PostgresDatabase { restrictedPatients.database }

  /// Where a client on this machine finds it.
  var url: String {
    // The wildcard of either family takes connections to this.
    let authority = address.isWildcard ? "127.0.0.1:\(address.port)" : "\(address)"
    return "\(isSecure ? "https" : "http")://\(authority)"
  }
}
