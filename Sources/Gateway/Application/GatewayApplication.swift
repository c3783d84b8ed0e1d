internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import NonAssociationsModule
internal import Postgres
internal import ServiceKit
internal import SharedAuth

/// The whole gateway, running: the one place where configuration becomes objects that know each other. Commands and
/// tests start it the same way.
final class GatewayApplication: Sendable {
  /// Where it listens, with the port the kernel chose if 0 was asked for.
  let address: SocketAddress

  private let isSecure: Bool
  let server: HTTPServer
  /// The non-associations database.
  let database: PostgresDatabase
  private let client: HTTPClient
  private let messaging: Messaging
  private let events: EventsRuntime
  private let readiness: ReadinessState
  private let shutdownTimeout: Duration

  private init(
    address: SocketAddress,
    isSecure: Bool,
    server: HTTPServer,
    database: PostgresDatabase,
    client: HTTPClient,
    messaging: Messaging,
    events: EventsRuntime,
    readiness: ReadinessState,
    shutdownTimeout: Duration
  ) {
    self.address = address
    self.isSecure = isSecure
    self.server = server
    self.database = database
    self.client = client
    self.messaging = messaging
    self.events = events
    self.readiness = readiness
    self.shutdownTimeout = shutdownTimeout
  }

  /// Migrates the database, builds the modules and listens.
  /// - Parameter clock: the time of day, for records and for tokens.
  /// - Throws: what keeps the gateway from serving: a refused migration, an address in use, unreadable certificates.
  static func start(
    _ configuration: Configuration,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger
  ) async throws -> GatewayApplication {
    let urls = try UpstreamURLs(configuration.upstreams)
    let serverTLS = try configuration.server.tlsFiles.map { (files) throws(StreamError) in
      try TLSContext(certificateFile: files.certificate, privateKeyFile: files.privateKey)
    }
    let database = try PostgresDatabase(
      configuration: configuration.nonAssociationsDatabase.postgres,
      group: group,
      logger: logger
    )
    try await DatabaseMigrations(nonAssociations: database, logger: logger).apply()
    let messaging = try Messaging(
      configuration.messaging,
      database: database,
      trustedCertificatesFile: configuration.upstreams.trustedCertificatesFile,
      group: group,
      clock: clock,
      logger: logger
    )
    let client = HTTPClient(group: group, tls: try urls.clientTLS(configuration.upstreams))
    let shared = SharedParts(
      configuration: configuration,
      urls: urls,
      client: client,
      london: try LondonTime(),
      clock: clock,
      telemetry: LoggedTelemetry(logger: logger),
      readiness: ReadinessState(),
      messaging: messaging,
      logger: logger
    )
    let nonAssociations = HostedModule.nonAssociations(shared, database: database)
    let hosted = [nonAssociations]
    try await messaging.prepare(hosted.map(\.messaging), logger: logger)
    var eventsSettings = EventsRuntime.Settings()
    eventsSettings.redriveInterval = configuration.messaging.redriveInterval
    let events = EventsRuntime(
      hosted.map(\.part),
      settings: eventsSettings,
      group: group,
      telemetry: shared.telemetry,
      logger: logger
    )
    let mount = try mount(hosted, errorsOf: nonAssociations.module, shared, events)
    let server = HTTPServer(
      configuration: configuration.server.http(errorResponse: TransportErrors.response),
      tls: serverTLS,
      group: group,
      logger: logger,
      responder: { await mount.respond(to: $0) }
    )
    guard let wanted = SocketAddress(numeric: configuration.server.host, port: configuration.server.port)
    else {
      throw ConfigurationError(problems: [
        "SERVER_HOST: '\(configuration.server.host)' is not a numeric address"
      ])
    }
    let address = try await server.start(address: wanted)
    await events.start()
    return GatewayApplication(
      address: address,
      isSecure: serverTLS != nil,
      server: server,
      database: database,
      client: client,
      messaging: messaging,
      events: events,
      readiness: shared.readiness,
      shutdownTimeout: configuration.server.shutdownTimeout
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
    let verifier = TokenVerifier(
      jwks: JWKSCache(logger: shared.logger, client: shared.client, issuer: shared.urls.oauth),
      clock: shared.clock
    )
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

  /// Where a client on this machine finds it.
  var url: String {
    let host = address.host == "0.0.0.0" ? "127.0.0.1" : address.host == "::" ? "[::1]" : address.host
    return "\(isSecure ? "https" : "http")://\(host):\(address.port)"
  }

  /// Stops accepting, lets requests in flight finish (at most the shutdown timeout), then gives everything back.
  func shutdown() async {
    readiness.beginShutdown()
    await server.shutdown(within: shutdownTimeout)
    await events.stop()
    await messaging.stop()
    await client.shutdown()
    await database.shutdown()
  }
}
