internal import Crypto
internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import Observability
internal import Postgres
internal import RestrictedPatientsModule
internal import ServiceKit
internal import SharedAuth
internal import Time

/// The restricted patients module and what is its alone: connections to the database and to the services it calls, so
/// that whatever hangs there takes nothing from the other module.
struct RestrictedPatientsParts: Sendable {
  let module: RestrictedPatientsModule
  let database: PostgresDatabase
  let telemetry: any Telemetry
  private let clients: [HTTPClient]

  /// - Throws: what keeps the gateway from serving.
  init(
    _ configuration: Configuration,
    urls: UpstreamURLs,
    group: EventLoopGroup,
    london: LondonTime,
    clock: any WallClock,
    outbox: any Outbox,
    telemetry: any Telemetry,
    observability: GatewayObservability,
    logger: Logger
  ) throws {
    let own = configuration.restrictedPatients
    self.telemetry = telemetry
    database = try PostgresDatabase(
      configuration: own.database.postgres,
      group: group,
      logger: logger,
      observer: observability.databases.observer(
        of: RestrictedPatientsModule.name,
        spans: observability.spans
      )
    )
    observability.databases.add(
      database,
      name: RestrictedPatientsModule.name,
      maximum: own.database.connections(onLoops: group.loops.count)
    )
    let tls = try urls.clientTLS(configuration.upstreams)
    // What changes prison API is sent with at least half its time left to be answered in, or not at all.
    let calling = configuration.upstreams.clientConfiguration
    var changing = calling
    changing.maximumWait = configuration.upstreams.timeout / 2
    clients = [calling, changing, calling, calling].map {
      HTTPClient(group: group, configuration: $0, tls: tls, interceptor: observability.upstreams.interceptor)
    }
    for client in clients { observability.upstreams.add(client) }
    let (calls, changes, lists, auth) = (clients[0], clients[1], clients[2], clients[3])
    var credentials = UpstreamTokensConfiguration(
      clientID: own.clientID,
      clientSecret: Secret(own.clientSecret)
    )
    credentials.scope = "write"
    let tokens = UpstreamTokens(configuration: credentials, logger: logger, client: auth, issuer: urls.oauth)
    observability.metrics.add(tokens, module: RestrictedPatientsModule.name)
    var upstreams = RestrictedPatientsModule.Upstreams(
      prisonAPI: urls.prisonAPI,
      prisonerSearch: urls.prisonerSearch,
      client: calls,
      changesClient: changes,
      listsClient: lists,
      tokens: tokens,
      timeout: configuration.upstreams.timeout
    )
    upstreams.agenciesRefresh = own.agenciesRefresh
    upstreams.agenciesMaximumAge = own.agenciesMaximumAge
    module = RestrictedPatientsModule(
      database: database,
      upstreams: upstreams,
      london: london,
      clock: clock,
      outbox: outbox,
      telemetry: telemetry,
      access: own.access,
      checksAgencies: own.checksAgencies,
      logger: logger
    )
    observability.metrics.add(module.misfits, module: RestrictedPatientsModule.name)
  }

  /// Runs the past-date check every day at `time`, on a loop of `group`, until the task is cancelled.
  func startDailyCheck(at time: TimeOfDay, group: EventLoopGroup) -> Task<Void, Never> {
    let job = module.pastDateJob
    return Task(executorPreference: group.any()) { await job.runDaily(at: time) }
  }

  /// Gives back connections; call it once nothing is in flight.
  func shutdown() async {
    for client in clients { await client.shutdown() }
    await database.shutdown()
  }
}
