internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import Postgres
internal import RestrictedPatientsModule
internal import ServiceKit
internal import SharedAuth

/// The restricted patients module and what is its alone: connections to the database and to the services it calls, so
/// that whatever hangs there takes nothing from the other module.
struct RestrictedPatientsParts: Sendable {
  let module: RestrictedPatientsModule
  let database: PostgresDatabase
  private let clients: [HTTPClient]
  private let healthClient: HTTPClient

  /// - Throws: what keeps the gateway from serving.
  init(
    _ configuration: Configuration,
    urls: UpstreamURLs,
    group: EventLoopGroup,
    london: LondonTime,
    clock: any WallClock,
    outbox: any Outbox,
    telemetry: any Telemetry,
    logger: Logger
  ) throws {
    let own = configuration.restrictedPatients
    database = try PostgresDatabase(configuration: own.database.postgres, group: group, logger: logger)
    let tls = try urls.clientTLS(configuration.upstreams)
    let calls = HTTPClient(group: group, tls: tls)
    let lists = HTTPClient(group: group, tls: tls)
    let auth = HTTPClient(group: group, tls: tls)
    clients = [calls, lists, auth]
    // Tokens and pings are both small, and neither may wait for a call that hangs.
    healthClient = auth
    var credentials = UpstreamTokensConfiguration(
      clientID: own.clientID,
      clientSecret: Secret(own.clientSecret)
    )
    credentials.scope = "write"
    var upstreams = RestrictedPatientsModule.Upstreams(
      prisonAPI: urls.prisonAPI,
      prisonerSearch: urls.prisonerSearch,
      client: calls,
      listsClient: lists,
      tokens: UpstreamTokens(
        configuration: credentials,
        logger: logger,
        client: auth,
        issuer: urls.oauth
      ),
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
      logger: logger
    )
  }

  /// Runs the past-date check every day at `time`, on a loop of `group`, until the task is cancelled.
  func startDailyCheck(at time: TimeOfDay, group: EventLoopGroup) -> Task<Void, Never> {
    let job = module.pastDateJob
    return Task(executorPreference: group.any()) { await job.runDaily(at: time) }
  }

  /// What the module's `/health` looks at (restricted-patients.md 7.9).
  func health(_ urls: UpstreamURLs, _ readiness: ReadinessState, timeout: Duration) -> Health {
    let client = healthClient
    return Health(
      HealthCheck.process(readiness) + [
        .database(database, timeout: timeout),
        .upstream("prisonApiHealthCheck", base: urls.prisonAPI, client: client, timeout: timeout),
        .upstream(
          "prisonerSearchApiHealthCheck",
          base: urls.prisonerSearch,
          client: client,
          timeout: timeout
        ),
      ]
    )
  }

  /// Gives back connections; call it once nothing is in flight.
  func shutdown() async {
    for client in clients { await client.shutdown() }
    await database.shutdown()
  }
}
