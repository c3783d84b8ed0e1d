public import EventLoops
internal import HTTPTransport
public import Logging

/// Everything the all-in-one profile adds to a gateway: a PostgreSQL of its own, and development doubles of the
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

    public init() {}
  }

  public let dataFolder: DataFolder
  public let postgres: PrivatePostgres
  public let auth: DevelopmentAuth
  public let prisonerSearch: DevelopmentPrisonerSearch
  public let prisonAPI: DevelopmentPrisonAPI
  /// For `API_BASE_URL_OAUTH`; ends in `/auth`.
  public let authURL: String
  /// For `API_BASE_URL_PRISONER_SEARCH`.
  public let prisonerSearchURL: String
  /// For `API_BASE_URL_PRISON_API`.
  public let prisonAPIURL: String
  private let doubles: [DoubleServer]

  /// For `DATABASE_URL`.
  public var databaseURL: String { postgres.connectionString }
  /// For `NON_ASSOCIATIONS_API_CLIENT_ID` and `…_SECRET`.
  public var nonAssociationsClient: DevelopmentClient { .nonAssociationsAPI }
  /// For `RESTRICTED_PATIENTS_API_CLIENT_ID` and `…_SECRET`.
  public var restrictedPatientsClient: DevelopmentClient { .restrictedPatientsAPI }

  private init(
    dataFolder: DataFolder,
    postgres: PrivatePostgres,
    auth: DevelopmentAuth,
    prisonerSearch: DevelopmentPrisonerSearch,
    prisonAPI: DevelopmentPrisonAPI,
    doubles: (auth: DoubleServer, prisonerSearch: DoubleServer, prisonAPI: DoubleServer)
  ) {
    self.dataFolder = dataFolder
    self.postgres = postgres
    self.auth = auth
    self.prisonerSearch = prisonerSearch
    self.prisonAPI = prisonAPI
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
  /// - Throws: `PrivatePostgresError`, `SigningKey.Failure`, `SystemError`: one line each.
  public static func start(
    _ configuration: Configuration,
    group: EventLoopGroup,
    logger: Logger,
    clock: any WallClock
  ) async throws -> LocalEnvironment {
    let dataFolder = try DataFolder(configuration.dataFolder)
    let key = try SigningKey.load(orMakeIn: dataFolder.signingKey)
    let postgres = try await PrivatePostgres.start(
      in: dataFolder,
      searchPath: configuration.searchPath,
      logger: logger
    )
    let auth = DevelopmentAuth(key: key, clock: clock)
    let prisonAPI = DevelopmentPrisonAPI()
    let prisonerSearch = DevelopmentPrisonerSearch {
      prisonAPI.prisoner($0) ?? (configuration.knowsAnyPrisoner ? .invented($0) : nil)
    }
    let responders: [(port: UInt16, responder: Responder)] = [
      (configuration.authPort, { await auth.respond(to: $0) }),
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
      for double in started { await double.server.shutdown(within: .zero) }
      await postgres.stop()
      throw error
    }
    return LocalEnvironment(
      dataFolder: dataFolder,
      postgres: postgres,
      auth: auth,
      prisonerSearch: prisonerSearch,
      prisonAPI: prisonAPI,
      doubles: (started[0], started[1], started[2])
    )
  }

  /// Stops the doubles, then PostgreSQL, and lets another gateway use the data folder. Stop the gateway's own server
  /// and its database pools first.
  public func stop() async {
    auth.faults.clear()
    prisonerSearch.faults.clear()
    prisonAPI.faults.clear()
    for double in doubles { await double.server.shutdown(within: .seconds(1)) }
    await postgres.stop()
    dataFolder.unlock()
  }

  /// What to tell the person who started the gateway.
  /// - Parameter serverURL: where the gateway itself answers, such as `http://127.0.0.1:8080`.
  public func banner(serverURL: String) -> String {
    Banner(
      serverURL: serverURL,
      authURL: authURL,
      prisonerSearchURL: prisonerSearchURL,
      prisonAPIURL: prisonAPIURL,
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
