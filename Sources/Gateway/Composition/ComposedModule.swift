internal import Crypto
internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import ModuleKit
internal import Observability
internal import Postgres
internal import ServiceKit
internal import SharedAuth

/// An instance of a module, and what is its alone: connections to its database and to the services it calls, so that
/// whatever hangs there takes nothing from other modules.
struct ComposedModule: Sendable {
  /// What a test puts in the place of what the configuration says, or beside it.
  struct Replacements: Sendable {
    var outbox: (any Outbox)?
    /// Gets what the module tells, besides the log and Application Insights.
    var telemetry: (any Telemetry)?
  }

  let configuration: ModuleConfiguration
  let database: PostgresDatabase
  let telemetry: any Telemetry
  let instance: any ModuleInstance
  private let clients: [HTTPClient]

  var manifest: ModuleManifest { configuration.manifest }
  var name: String { manifest.name }

  /// What brings its database to its schema.
  func migrations(_ logger: Logger) -> DatabaseMigrations {
    let user = configuration.database.postgresForMigrations
    return DatabaseMigrations([(manifest, database)], users: user.map { [name: $0] } ?? [:], logger: logger)
  }

  /// Opens no connection yet.
  /// - Throws: what keeps the gateway from serving.
  init(
    _ configuration: ModuleConfiguration,
    _ platform: Platform,
    _ replacements: Replacements = Replacements()
  ) throws {
    self.configuration = configuration
    let manifest = configuration.manifest
    let observability = platform.observability
    database = try PostgresDatabase(
      configuration: configuration.database.postgres,
      group: platform.group,
      logger: platform.logger,
      observer: observability.databases.observer(
        of: manifest.name,
        at: configuration.database.postgres.target ?? manifest.name,
        spans: observability.spans
      )
    )
    observability.databases.add(
      database,
      name: manifest.name,
      maximum: configuration.database.connections(onLoops: platform.group.loops.count)
    )
    let told = observability.telemetry(of: manifest.name)
    telemetry = replacements.telemetry.map { CombinedTelemetry([$0, told]) } ?? told
    var logger = platform.logger
    logger[metadataKey: "module"] = "\(manifest.name)"
    let declared = manifest.bulkheads.isEmpty ? [Bulkhead.tokens] : manifest.bulkheads
    let bulkheads = declared.map { (name: $0.name, client: platform.client(for: $0)) }
    clients = bulkheads.map(\.client)
    let messaging = platform.configuration.messaging
    instance = try configuration.make(
      ModuleContext(
        database: database,
        outbox: replacements.outbox ?? messaging.outbox(of: configuration.messaging),
        telemetry: telemetry,
        upstreams: Self.upstreams(configuration, bulkheads, platform),
        london: platform.london,
        clock: platform.clock,
        logger: logger
      )
    )
    observability.metrics.add(instance.misfits, module: manifest.name)
  }

  private static func upstreams(
    _ configuration: ModuleConfiguration,
    _ bulkheads: [(name: String, client: HTTPClient)],
    _ platform: Platform
  ) -> ModuleUpstreams {
    var credentials = UpstreamTokensConfiguration(
      clientID: configuration.clientID,
      clientSecret: Secret(configuration.clientSecret)
    )
    credentials.scope = configuration.manifest.tokenScope
    let client = bulkheads.first { $0.name == Bulkhead.tokens.name } ?? bulkheads.first
    let tokens = UpstreamTokens(
      configuration: credentials,
      logger: platform.logger,
      client: client?.client ?? platform.client(for: .tokens),
      issuer: configuration.auth
    )
    platform.observability.metrics.add(tokens, module: configuration.name)
    let timeout = platform.configuration.upstreams.timeout
    return ModuleUpstreams(
      configuration.upstreams.mapValues { base in
        Dictionary(
          bulkheads.map { bulkhead in
            (
              bulkhead.name,
              UpstreamClient(baseURL: base, client: bulkhead.client, tokens: tokens, timeout: timeout)
            )
          }
        ) { first, _ in first }
      }
    )
  }

  // MARK: What the host asks of it

  /// The components of its `/health`.
  func health(_ platform: Platform, _ events: EventsRuntime) -> Health {
    let timeout = platform.configuration.healthTimeout
    let ping = platform.configuration.pingTimeout(of: manifest)
    let declared = manifest.health.map { component -> HealthCheck in
      switch component {
      case .database: .database(database, timeout: timeout)
      case .auth(let name): platform.upstreamHealth.check(name, configuration.auth, within: ping)
      case .upstream(let upstream, let name):
        platform.upstreamHealth.check(name, configuration.upstreams[upstream.id], within: ping)
      }
    }
    let queues = events.healthCheck(of: name, configuration.messaging, timeout: timeout)
    return Health(HealthCheck.process(platform.readiness) + declared + [queues])
  }

  /// What `/info` tells of it.
  func info(_ build: ServiceInfo.Build) -> ServiceInfo {
    ServiceInfo(
      name: manifest.service.app,
      app: manifest.service.legacyApp,
      productID: configuration.productID,
      build: build
    )
  }

  /// What the description of its API begins with.
  func document(_ build: ServiceInfo.Build) -> APIDocument.Description {
    var description = APIDocument.Description(
      title: manifest.service.title,
      version: build.version,
      description: manifest.service.summary
    )
    if !manifest.service.servers.isEmpty { description.servers = manifest.service.servers }
    description.unusedTags = manifest.service.unusedTags
    return description
  }

  /// Routes of it, or with its errors, as a part of a description.
  func documented(_ routes: [RouteDeclaration]) -> APIDocument.Part {
    APIDocument.Part(
      prefix: manifest.key.prefix(1).uppercased() + manifest.key.dropFirst(),
      errorSchema: manifest.service.errorSchema,
      routes: routes
    )
  }

  /// Calls that begin from now on trust what this context does.
  func replaceTLS(_ context: TLSContext) {
    for client in clients { client.replaceTLS(context) }
  }

  /// Gives back the connections to other services; call it once nothing is in flight.
  func closeClients() async {
    for client in clients { await client.shutdown() }
  }
}
