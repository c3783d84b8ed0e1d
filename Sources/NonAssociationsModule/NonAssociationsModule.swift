public import Events
public import HTTPTransport
public import Logging
public import Postgres
public import ServiceKit
public import SharedAuth
public import Time

/// Pairs of prisoners who must be kept apart: the service `hmpps-non-associations-api` as a module.
public struct NonAssociationsModule: Module {
  /// What the module calls, and how long it waits.
  public struct PrisonerSearch: Sendable {
    var baseURL: HTTPURL
    var client: HTTPClient
    var tokens: UpstreamTokens
    var timeout: Duration

    /// - Parameters:
    ///   - baseURL: without `/prisoner-search`.
    ///   - tokens: of the client `NON_ASSOCIATIONS_API`; never asked for on behalf of a user
    ///     (`non-associations.md` §9.2).
    ///   - timeout: for one question with all its parts. Default 20 seconds (`API_TIMEOUT`).
    public init(
      baseURL: HTTPURL,
      client: HTTPClient,
      tokens: UpstreamTokens,
      timeout: Duration = .seconds(20)
    ) {
      self.baseURL = baseURL
      self.client = client
      self.tokens = tokens
      self.timeout = timeout
    }
  }

  /// Names the module in logs and in its outbox.
  public static let name = "non-associations"
  public var name: String { Self.name }
  /// What the API's description says of its errors.
  public static let errorSchema = Schemas.error
  public let routes: [RouteDeclaration]
  /// What the module tells about a person (`non-associations.md` §7.13).
  public let subjectAccess: any SubjectAccessSource
  /// What the module takes from the queue `nonassociations` (§11).
  public static let consumedEvents = ConsumedEvents.nonAssociations
  /// Values of rows that no answer can hold.
  public let misfits: MisfitValues
  private let prisonerEvents: PrisonerEventsService

  /// - Parameters:
  ///   - database: migrated by ``migrations``.
  ///   - outbox: where a change leaves its domain event and audit message, in its own transaction.
  ///   - clock: read once a request; its microseconds are stored and sent alike.
  ///   - telemetry: gets the module's custom events, after the change is committed.
  ///   - mergeEvents: whether others are told of each row that a merge changes, as of a change over HTTP. Default false:
  ///     the service replaced told nobody (§14.4).
  public init(
    database: PostgresDatabase,
    prisonerSearch: PrisonerSearch,
    london: LondonTime,
    clock: any WallClock = SystemClock(),
    outbox: any Outbox = NoOutbox(),
    telemetry: any Telemetry,
    mergeEvents: Bool = false,
    logger: Logger
  ) {
    let misfits = MisfitValues(logger: logger)
    self.misfits = misfits
    let store = NonAssociationsStore(database: database, outbox: outbox, misfits: misfits)
    let search = PrisonerSearchClient(
      baseURL: prisonerSearch.baseURL,
      client: prisonerSearch.client,
      tokens: prisonerSearch.tokens,
      timeout: prisonerSearch.timeout
    )
    let events = NonAssociationEvents(london: london)
    let changes = NonAssociationChangeService(
      store: store,
      search: search,
      events: events,
      telemetry: telemetry,
      london: london,
      clock: clock
    )
    prisonerEvents = PrisonerEventsService(
      store: store,
      events: mergeEvents ? events : nil,
      telemetry: telemetry,
      london: london,
      clock: clock,
      logger: logger
    )
    let service = NonAssociationsService(store: store, search: search)
    routes = Routes(service: service, changes: changes, london: london).table
    subjectAccess = NonAssociationsSubjectAccess(service: service, london: london)
  }

  /// Has the module hear of what others did to prisoners, and of its own audit messages that the queue has taken (§10.3).
  public func subscribe(to bus: EventBus) {
    prisonerEvents.subscribe(to: bus, as: name)
    let telemetry = prisonerEvents.telemetry
    bus.subscribe(to: PublishedMessage.self, as: name) { published in
      guard published.module == Self.name, published.isAudit else { return }
      telemetry.track(
        TelemetryEvent(published.type, ["messageId": published.messageID, "id": published.record ?? ""])
      )
    }
  }

  public func response(to failure: PlatformFailure) -> ServerResponse { ErrorBody(failure).response }

  public func response(to error: any Error) -> ServerResponse? {
    (error as? NonAssociationsError).map { ErrorBody($0).response }
  }
}
