internal import Crypto
public import Doubles
public import EventLoops
internal import HTTPTransport
internal import HTTPTypes
public import Logging
internal import ServiceKit
internal import Synchronization
public import Time

/// Everything the all-in-one profile adds to a gateway: a PostgreSQL of its own, and doubles of the
/// services it calls, all of it gone when the gateway stops, but for the data folder.
public final class LocalEnvironment: Sendable {
  /// What may be chosen.
  public struct Configuration: Sendable {
    /// See `DataFolder`. Relative paths start at the working directory.
    public var dataFolder = ".local"
    /// Where to look for PostgreSQL's programs besides Debian's folders: the value of `PATH`.
    public var searchPath = "/usr/local/bin:/usr/bin:/bin"
    /// The double of HMPPS Auth listens here if it can, else on a free port. 0 means a free one.
    public var authPort: UInt16 = 9090
    /// Likewise, prisoner search.
    public var prisonerSearchPort: UInt16 = 9091
    /// Likewise, prison API.
    public var prisonAPIPort: UInt16 = 9092
    /// Whether the double of prisoner search knows everybody, besides the sample prisoners: for load tests.
    public var knowsAnyPrisoner = false

    /// The defaults.
    public init() {}
  }

  /// Where everything is kept between two starts.
  public let dataFolder: DataFolder
  /// The private server.
  public let postgres: PrivatePostgres
  /// The double of HMPPS Auth.
  public let auth: AuthDouble
  /// The double of prisoner search.
  public let prisonerSearch: PrisonerSearchDouble
  /// The double of prison API.
  public let prisonAPI: PrisonAPIDouble
  /// What the doubles of prison API and prisoner search show.
  public let records: PrisonRecords
  /// Whether what the doubles show is what an earlier process left.
  let recordsWereKept: Bool
  private let playing: Playing
  /// For `API_BASE_URL_OAUTH`; ends in `/auth`.
  public let authURL: String
  /// For `API_BASE_URL_PRISONER_SEARCH`.
  public let prisonerSearchURL: String
  /// For `API_BASE_URL_PRISON_API`.
  public let prisonAPIURL: String
  private let doubles: [DoubleServer]

  /// Answers `POST /play` on the port of the double of HMPPS Auth; nil until the gateway serves.
  public var play: LocalPlay? {
    get { playing.play.withLock { $0 } }
    set { playing.play.withLock { $0 = newValue } }
  }

  /// Where requests that come before the play is there look for it.
  private final class Playing: Sendable {
    let play: Mutex<LocalPlay?> = Mutex(nil)

    func respond(to request: ServerRequest) async -> ServerResponse {
      guard let play = play.withLock({ $0 }) else {
        return .json(.serviceUnavailable, #"{"error":"starting"}"#)
      }
      return await play.respond(to: request)
    }
  }

  /// Where scenes are played over HTTP: `POST` with the body of `PlayScene`.
  public var playURL: String { userServicesURL + "/play" }
  /// Where manage-users, nomis-user-roles, token verification and page components answer, and the pages of Digital Prison
  /// Services.
  public var userServicesURL: String { String(authURL.dropLast("/auth".count)) }

  /// For `DATABASE_URL`.
  public var databaseURL: String { postgres.connectionString }

  private init(
    dataFolder: DataFolder,
    postgres: PrivatePostgres,
    auth: AuthDouble,
    prisonerSearch: PrisonerSearchDouble,
    prisonAPI: PrisonAPIDouble,
    records: PrisonRecords,
    recordsWereKept: Bool,
    playing: Playing,
    doubles: (auth: DoubleServer, prisonerSearch: DoubleServer, prisonAPI: DoubleServer)
  ) {
    self.dataFolder = dataFolder
    self.postgres = postgres
    self.auth = auth
    self.prisonerSearch = prisonerSearch
    self.prisonAPI = prisonAPI
    self.records = records
    self.recordsWereKept = recordsWereKept
    self.playing = playing
    self.doubles = [doubles.auth, doubles.prisonerSearch, doubles.prisonAPI]
    prisonAPIURL = doubles.prisonAPI.url
    authURL = doubles.auth.url + "/auth"
    prisonerSearchURL = doubles.prisonerSearch.url
    auth.baseURL = authURL
  }

  /// Starts it all; nothing is left running when it throws.
  /// - Parameters:
  ///   - group: where the doubles run; must outlive this object.
  ///   - clock: for the expiry of tokens.
  /// - Throws: `PrivatePostgresError`, `SigningKey.Failure`, `RecordsFile.Unreadable`, `SystemError`, `LondonTimeError`: one
  ///   line each.
  public static func start(
    _ configuration: Configuration,
    group: EventLoopGroup,
    logger: Logger,
    clock: any WallClock
  ) async throws -> LocalEnvironment {
    let london = try LondonTime()
    let dataFolder = try DataFolder(configuration.dataFolder)
    let key = try SigningKey.load(orMakeIn: dataFolder.signingKey)
    let spare = try SigningKey.load(orMakeIn: dataFolder.spareKey)
    let recordsFile = RecordsFile(in: dataFolder.path)
    let kept = try recordsFile.records(clock: clock)
    let records = kept ?? PrisonRecords(clock: clock)
    recordsFile.keep(records, logger: logger)
    let postgres = try await PrivatePostgres.start(
      in: dataFolder,
      searchPath: configuration.searchPath,
      clock: group,
      logger: logger
    )
    let auth = AuthDouble(key: key, spare: spare, clock: clock)
    let prisonAPI = PrisonAPIDouble(records: records, london: london)
    let prisonerSearch = PrisonerSearchDouble(
      records: records,
      inventsPrisoners: configuration.knowsAnyPrisoner
    )
    let playing = Playing()
    let responders: [(port: UInt16, responder: Responder)] = [
      (configuration.authPort, services(auth, DPSDouble(records: records), playing)),
      (configuration.prisonerSearchPort, { await prisonerSearch.respond(to: $0) }),
      (configuration.prisonAPIPort, { await prisonAPI.respond(to: $0) }),
    ]
    var started: [DoubleServer] = []
    do {
      for (port, responder) in responders {
        started.append(
          try await DoubleServer.start(port: port, group: group, logger: logger, responder: responder)
        )
      }
    } catch {
      for double in started { await double.shutdown(within: .zero) }
      await postgres.stop()
      throw error
    }
    return LocalEnvironment(
      dataFolder: dataFolder,
      postgres: postgres,
      auth: auth,
      prisonerSearch: prisonerSearch,
      prisonAPI: prisonAPI,
      records: records,
      recordsWereKept: kept != nil,
      playing: playing,
      doubles: (started[0], started[1], started[2])
    )
  }

  /// What answers at the port of the double of HMPPS Auth.
  private static func services(_ auth: AuthDouble, _ dps: DPSDouble, _ playing: Playing) -> Responder {
    { request in
      if request.head.method == .post, request.head.target.segments == ["play"] {
        return await playing.respond(to: request)
      }
      if let page = dps.respond(to: request) { return page }
      return await auth.respond(to: request)
    }
  }

  /// Stops the doubles, then PostgreSQL, and lets another gateway use the data folder. Stop the gateway's own server
  /// and its database pools first.
  public func stop() async {
    auth.faults.clear()
    prisonerSearch.faults.clear()
    prisonAPI.faults.clear()
    for double in doubles { await double.shutdown(within: .seconds(1)) }
    await postgres.stop()
    dataFolder.unlock()
  }

  /// What to tell the person who started the gateway.
  /// - Parameters:
  ///   - serverURL: where the gateway itself answers, such as `http://127.0.0.1:8080`.
  ///   - program: what a shell calls this program.
  public func banner(serverURL: String, program: String) -> String {
    Banner(
      program: program,
      serverURL: serverURL,
      authURL: authURL,
      prisonerSearchURL: prisonerSearchURL,
      prisonAPIURL: prisonAPIURL,
      userServicesURL: userServicesURL,
      dataFolder: dataFolder.path,
      clusterFolder: postgres.folder,
      databaseURL: databaseURL
    ).text
  }
}

extension TokenIssuer {
  /// Issues tokens that the gateway of a data folder accepts, whether it runs or not: for `gateway token`.
  /// - Parameter authURL: goes into the `iss` claim, which nothing checks.
  /// - Throws: `SigningKey.Failure`, `PrivatePostgresError.folderUnusable`.
  public static func local(
    dataFolder path: String,
    authURL: String = "http://127.0.0.1:9090/auth",
    clock: any WallClock
  ) throws -> TokenIssuer {
    let folder = try DataFolder.make(path)
    let key = try SigningKey.load(orMakeIn: DataFolder.signingKey(in: folder))
    return TokenIssuer(key: key, issuer: authURL + "/issuer", clock: clock)
  }
}
