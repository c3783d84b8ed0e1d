internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import NonAssociationsModule
internal import Postgres
internal import RestrictedPatientsModule
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
  let restrictedPatients: RestrictedPatientsParts
  private let dailyCheck: Task<Void, Never>?
  private let client: HTTPClient
  private let readiness: ReadinessState
  private let shutdownTimeout: Duration

  private init(
    address: SocketAddress,
    isSecure: Bool,
    server: HTTPServer,
    database: PostgresDatabase,
    restrictedPatients: RestrictedPatientsParts,
    dailyCheck: Task<Void, Never>?,
    client: HTTPClient,
    readiness: ReadinessState,
    shutdownTimeout: Duration
  ) {
    self.address = address
    self.isSecure = isSecure
    self.server = server
    self.database = database
    self.restrictedPatients = restrictedPatients
    self.dailyCheck = dailyCheck
    self.client = client
    self.readiness = readiness
    self.shutdownTimeout = shutdownTimeout
  }

  /// Migrates the database, builds the modules and listens.
  /// - Parameters:
  ///   - clock: the time of day, for records and for tokens.
  ///   - patientsOutbox: where the restricted patients module leaves its events.
  ///   - telemetry: gets custom events; nil writes them to the log.
  /// - Throws: what keeps the gateway from serving: a refused migration, an address in use, unreadable certificates.
  static func start(
    _ configuration: Configuration,
    group: EventLoopGroup,
    clock: any WallClock,
    patientsOutbox: any Outbox = NoOutbox(),
    telemetry: (any Telemetry)? = nil,
    logger: Logger
  ) async throws -> GatewayApplication {
    let london = try LondonTime()
    let urls = try UpstreamURLs(configuration)
    let serverTLS = try configuration.server.tlsFiles.map { (files) throws(StreamError) in
      try TLSContext(certificateFile: files.certificate, privateKeyFile: files.privateKey)
    }
    let database = try PostgresDatabase(
      configuration: configuration.nonAssociationsDatabase.postgres,
      group: group,
      logger: logger
    )
    let readiness = ReadinessState()
    let restrictedPatients = try RestrictedPatientsParts(
      configuration,
      urls: urls,
      group: group,
      london: london,
      clock: clock,
      outbox: patientsOutbox,
      telemetry: telemetry ?? LoggedTelemetry(logger: logger),
      logger: logger
    )
    try await DatabaseMigrations(
      nonAssociations: database,
      restrictedPatients: restrictedPatients.database,
      logger: logger
    ).apply()
    let client = HTTPClient(group: group, tls: try urls.clientTLS(configuration.upstreams))
    let module = NonAssociationsModule(
      database: database,
      prisonerSearch: .init(
        baseURL: urls.prisonerSearch,
        client: client,
        tokens: UpstreamTokens(
          configuration: UpstreamTokensConfiguration(
            clientID: configuration.upstreams.nonAssociationsClientID,
            clientSecret: Secret(configuration.upstreams.nonAssociationsClientSecret)
          ),
          logger: logger,
          client: client,
          issuer: urls.oauth
        ),
        timeout: configuration.upstreams.timeout
      ),
      london: london,
      clock: clock,
      telemetry: telemetry ?? LoggedTelemetry(logger: logger)
    )
    let verifier = TokenVerifier(
      jwks: JWKSCache(logger: logger, client: client, issuer: urls.oauth),
      clock: clock
    )
    let about = configuration.about
    let healthRoutes = HealthRoutes(readiness, showsDetails: about.showsHealthDetails)
    let subjectAccess = SubjectAccessRoutes(additionalRole: about.subjectAccessRole)
    let surface = ModuleSurface(
      name: "nonAssociations",
      health: Health(
        HealthCheck.process(readiness) + [
          .database(database, timeout: about.healthTimeout),
          .upstream("hmppsAuthApi", base: urls.oauth, client: client, timeout: about.healthTimeout),
          .upstream(
            "prisonerSearchApi",
            base: urls.prisonerSearch,
            client: client,
            timeout: about.healthTimeout
          ),
        ]
      ),
      info: ServiceInfo(
        name: "hmpps-non-associations-api",
        productID: about.nonAssociationsProductID,
        build: about.build
      ),
      subjectAccess: module.subjectAccess
    )
    let responder = try ModuleResponder(
      module: module,
      surface: surface.routes(healthRoutes, subjectAccess),
      verifier: verifier,
      logger: logger
    )
    let mount = Mount(
      .init(responder, hosts: configuration.nonAssociationsHosts, basePath: "non-associations-api"),
      [
        .init(
          try ModuleResponder(
            module: restrictedPatients.module,
            surface: healthRoutes.routes(
              restrictedPatients.health(urls, readiness, timeout: about.healthTimeout)
            ) + [ProtectedResource.route],
            verifier: verifier,
            logger: logger
          ),
          hosts: configuration.restrictedPatients.hosts,
          basePath: RestrictedPatientsModule.basePath
        )
      ]
    )
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
      readiness: readiness,
      shutdownTimeout: configuration.server.shutdownTimeout
    )
  }

  var restrictedPatientsDatabase: PostgresDatabase { restrictedPatients.database }

  /// Where a client on this machine finds it.
  var url: String {
    let host = address.host == "0.0.0.0" ? "127.0.0.1" : address.host == "::" ? "[::1]" : address.host
    return "\(isSecure ? "https" : "http")://\(host):\(address.port)"
  }

  /// Stops accepting, lets requests in flight finish (at most the shutdown timeout), then gives everything back.
  func shutdown() async {
    readiness.beginShutdown()
    dailyCheck?.cancel()
    await server.shutdown(within: shutdownTimeout)
    await client.shutdown()
    await restrictedPatients.shutdown()
    await database.shutdown()
  }
}
