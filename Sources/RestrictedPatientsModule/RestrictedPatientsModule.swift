public import Events
public import HTTPTransport
public import Logging
public import Postgres
public import ServiceKit
public import SharedAuth
public import Time

/// Prisoners who are held in hospitals: the service `hmpps-restricted-patients-api` as a module.
public struct RestrictedPatientsModule: Module {
  /// The path segment under which the module answers on hosts that are not its own (architecture.md, Mounting).
  public static let basePath = "restricted-patients-api"

  /// What the module calls, and how long it waits.
  public struct Upstreams: Sendable {
    var prisonAPI: HTTPURL
    var prisonerSearch: HTTPURL
    var client: HTTPClient
    var changesClient: HTTPClient
    var listsClient: HTTPClient
    var tokens: UpstreamTokens
    var timeout: Duration
    /// The age at which the lists of agencies are asked for again, in the background. Default 10 minutes.
    public var agenciesRefresh = Duration.seconds(600)
    /// The age at which lists of agencies are no longer used. Default 24 hours.
    public var agenciesMaximumAge = Duration.seconds(86_400)

    /// - Parameters:
    ///   - prisonAPI: without `/api`.
    ///   - prisonerSearch: without `/prisoner-search`.
    ///   - client: used by nothing else, so that calls which hang take no connection from other modules.
    ///   - changesClient: for what changes prison API, so that questions do not queue behind discharges that hang.
    ///   - listsClient: for the lists of agencies, which reads need, so that they do not queue behind discharges.
    ///   - tokens: of the client `RESTRICTED_PATIENTS_API`, with scope `write`.
    ///   - timeout: for one call. Default 20 seconds (`API_TIMEOUT`).
    public init(
      prisonAPI: HTTPURL,
      prisonerSearch: HTTPURL,
      client: HTTPClient,
      changesClient: HTTPClient,
      listsClient: HTTPClient,
      tokens: UpstreamTokens,
      timeout: Duration = .seconds(20)
    ) {
      self.prisonAPI = prisonAPI
      self.prisonerSearch = prisonerSearch
      self.client = client
      self.changesClient = changesClient
      self.listsClient = listsClient
      self.tokens = tokens
      self.timeout = timeout
    }

    func service(_ baseURL: HTTPURL, _ client: HTTPClient) -> UpstreamService {
      UpstreamService(baseURL: baseURL, client: client, tokens: tokens, timeout: timeout)
    }
  }

  /// Names the module in logs and in its outbox.
  public static let name = "restricted-patients"
  public var name: String { Self.name }
  public let routes: [RouteDeclaration]
  /// What the module tells about a person (`restricted-patients.md` §7.7).
  public let subjectAccess: any SubjectAccessSource
  /// How that is laid out in a report (§7.8).
  public static let subjectAccessTemplate = SubjectAccessTemplate.text
  /// What the API's description says of the module's errors.
  public static let errorSchema = Schemas.error
  /// What the module takes from the queue `domainevents` (§10.1 to §10.3).
  public static let domainEvents = ConsumedEvents.domainEvents
  /// What the module takes from the queue `offenderevents` (§10.3).
  public static let offenderEvents = ConsumedEvents.offenderEvents
  /// Values of rows that no answer can hold.
  public let misfits: MisfitValues
  private let patientEvents: PatientEventsService
  /// The check that removes everybody whose sentence is over.
  public let pastDateJob: PastDateJob

  /// - Parameters:
  ///   - database: migrated by ``migrations``; used by nothing else, so that neither module waits for the other's
  ///     connections.
  ///   - outbox: where a change leaves its domain event, in its own transaction.
  ///   - telemetry: gets the module's custom events, after the change is committed.
  ///   - checksAgencies: whether additions and changes are refused whose prisons or hospital prison API does not list as
  ///     such, or whose discharge is in the future. Default false, as with the service replaced (§14.12).
  ///   - clock: read once a request.
  public init(
    database: PostgresDatabase,
    upstreams: Upstreams,
    london: LondonTime,
    clock: any WallClock = SystemClock(),
    outbox: any Outbox = NoOutbox(),
    telemetry: any Telemetry,
    access: AccessRules = AccessRules(),
    checksAgencies: Bool = false,
    logger: Logger
  ) {
    let misfits = MisfitValues(logger: logger)
    self.misfits = misfits
    let store = RestrictedPatientsStore(database: database, outbox: outbox, misfits: misfits)
    let prisonAPI = PrisonAPIClient(
      service: upstreams.service(upstreams.prisonAPI, upstreams.client),
      changes: upstreams.service(upstreams.prisonAPI, upstreams.changesClient)
    )
    let search = PrisonerSearchClient(
      service: upstreams.service(upstreams.prisonerSearch, upstreams.client)
    )
    let events = RestrictedPatientEvents(london: london)
    let twoPhase = TwoPhaseChanges(store: store, prisonAPI: prisonAPI, telemetry: telemetry, logger: logger)
    let service = RestrictedPatientsService(
      store: store,
      prisonAPI: prisonAPI,
      agencies: AgencyDirectory(
        prisonAPI: PrisonAPIClient(service: upstreams.service(upstreams.prisonAPI, upstreams.listsClient)),
        refreshInterval: upstreams.agenciesRefresh,
        maximumAge: upstreams.agenciesMaximumAge,
        logger: logger
      ),
      checksAgencies: checksAgencies,
      twoPhase: twoPhase,
      events: events,
      telemetry: telemetry,
      london: london,
      clock: clock
    )
    let removal = RemovalService(
      search: search,
      twoPhase: twoPhase,
      events: events,
      telemetry: telemetry,
      london: london,
      clock: clock
    )
    let pastDateCheck = PastDateCheck(
      store: store,
      search: search,
      removal: removal,
      telemetry: telemetry,
      london: london,
      clock: clock,
      logger: logger
    )
    pastDateJob = PastDateJob(check: pastDateCheck, logger: logger)
    patientEvents = PatientEventsService(
      store: store,
      prisonAPI: prisonAPI,
      events: events,
      telemetry: telemetry,
      london: london,
      clock: clock,
      logger: logger
    )
    subjectAccess = RestrictedPatientsSubjectAccess(store: store, prisonAPI: prisonAPI)
    let administration = AdministrationService(
      store: store,
      events: events,
      telemetry: telemetry,
      london: london,
      clock: clock
    )
    routes =
      Routes(service: service, removal: removal, pastDateCheck: pastDateCheck, access: access).table
      + AdministrationRoutes(service: administration, access: access).table
  }

  /// Has the module hear of what others did to prisoners.
  public func subscribe(to bus: EventBus) { patientEvents.subscribe(to: bus, as: name) }

  public func response(to failure: PlatformFailure) -> ServerResponse { ErrorBody(failure).response }

  public func response(to error: any Error) -> ServerResponse? {
    (error as? RestrictedPatientsError).map { ErrorBody($0).response }
  }
}
