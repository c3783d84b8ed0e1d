import Events
import Logging
import ModuleKit
import Postgres
import ServiceKit
import Time

/// Prisoners who are held in hospitals: the service `hmpps-restricted-patients-api` as a module. Each endpoint is a file
/// of `Endpoints/`; what they and the messages share is here.
struct RestrictedPatientsModule: ModuleInstance, RefusingModule {
  typealias Failure = RestrictedPatientsError

  /// Names the module in logs and in its outbox.
  static let name = "restricted-patients"

  /// Values of rows that no answer can hold.
  let misfits: MisfitValues
  let changes: Changes
  let store: RestrictedPatientsStore
  let externalChanges: ExternalChangeRunner
  let prisonAPI: PrisonAPIClient
  let prisonerSearch: PrisonerSearchClient
  let agencies: AgencyDirectory
  /// Whether a patient's prisons and hospital must be in prison API's lists, and the discharge in the past
  /// (docs/contract/restricted-patients.md §14 row 12).
  let checksAgencies: Bool
  let access: AccessRules
  let messages: PatientMessages
  let telemetry: any Telemetry
  let london: LondonTime
  let clock: any WallClock
  let monotonicClock: any MonotonicClock
  let logger: Logger
  /// When the past-date check is run every day; nil for never.
  let pastDateCheckTime: TimeOfDay?

  /// - Parameters:
  ///   - database: migrated by ``migrations``; used by nothing else, so that neither module waits for the other's
  ///     connections.
  ///   - outbox: where a change leaves its domain event, in its own transaction.
  ///   - telemetry: gets the module's custom events, after the change is committed.
  ///   - checksAgencies: whether additions and changes are refused whose prisons or hospital prison API does not list as
  ///     such, or whose discharge is in the future. Default false, as with the service replaced
  ///     (docs/contract/restricted-patients.md §14 row 12).
  ///   - pastDateCheckTime: when the past-date check is run every day; nil, the default, for never.
  ///   - clock: read once a request.
  init(
    database: PostgresDatabase,
    upstreams: Upstreams,
    london: LondonTime,
    clock: any WallClock,
    outbox: any Outbox = NoOutbox(),
    telemetry: any Telemetry,
    access: AccessRules = AccessRules(),
    checksAgencies: Bool = false,
    pastDateCheckTime: TimeOfDay? = nil,
    logger: Logger
  ) {
    misfits = MisfitValues(logger: logger)
    changes = Changes(database: database, outbox: outbox)
    store = RestrictedPatientsStore(database: database, misfits: misfits)
    monotonicClock = database.clock
    externalChanges = ExternalChangeRunner(
      store: store,
      changes: changes,
      telemetry: telemetry,
      logger: logger,
      clock: monotonicClock,
      upstreamTimeout: upstreams.changes.timeout,
      tokenTimeout: upstreams.changes.tokenTimeout
    )
    self.pastDateCheckTime = pastDateCheckTime
    prisonAPI = PrisonAPIClient(upstreams.prisonAPI, changes: upstreams.changes)
    prisonerSearch = PrisonerSearchClient(upstreams.prisonerSearch)
    agencies = AgencyDirectory(
      prisonAPI: PrisonAPIClient(upstreams.lists),
      refreshInterval: upstreams.agenciesRefresh,
      maximumAge: upstreams.agenciesMaximumAge,
      logger: logger,
      clock: upstreams.lists.clock
    )
    messages = PatientMessages(london: london)
    self.checksAgencies = checksAgencies
    self.access = access
    self.telemetry = telemetry
    self.london = london
    self.clock = clock
    self.logger = logger
  }

  var name: String { Self.name }
  var routes: [RouteDeclaration] { Self.endpoints.map { $0.route(of: self, london: london) } }
}
