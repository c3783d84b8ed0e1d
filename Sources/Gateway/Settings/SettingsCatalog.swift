internal import ModuleKit

/// Every setting the gateway reads (docs/settings.md; docs/contract/platform.md §9.1).
enum SettingsCatalog {
  static let serverHost = Setting(
    "SERVER_HOST",
    default: "::",
    allInOne: "127.0.0.1",
    "Numeric address to listen on; :: is every address, IPv4 and IPv6."
  )
  static let serverPort = Setting("SERVER_PORT", default: "8080", "Port to listen on; 0 takes any free one.")
  static let serverLoops = Setting("SERVER_LOOPS", "Event loops, one thread each; one per core if not set.")
  static let tlsCertificate = Setting(
    "SERVER_TLS_CERTIFICATE_FILE",
    "PEM certificate chain; with SERVER_TLS_PRIVATE_KEY_FILE, the server speaks HTTPS."
  )
  static let tlsPrivateKey = Setting(
    "SERVER_TLS_PRIVATE_KEY_FILE",
    "PEM private key of the certificate of SERVER_TLS_CERTIFICATE_FILE."
  )
  static let maximumConnections = Setting(
    "SERVER_MAX_CONNECTIONS",
    default: "8192",
    "Open connections at most, fewer where files or memory allow no more; a new one closes an idle one, or gets 503."
  )
  static let maximumConnectionsPerPeer = Setting(
    "SERVER_MAX_CONNECTIONS_PER_PEER",
    "Open connections of one address (503 above it); no limit if not set, as behind an ingress all come from few."
  )
  static let maximumHeaderBytes = Setting(
    "SERVER_MAX_HEADER_BYTES",
    default: "16384",
    "Bytes of all header fields of a request (431 above it)."
  )
  static let maximumBodyBytes = Setting(
    "SERVER_MAX_BODY_BYTES",
    default: "1048576",
    "Bytes of a request body (413 above it)."
  )
  static let headerTimeout = Setting(
    "SERVER_HEADER_TIMEOUT",
    default: "10s",
    "Time for a whole request head, from its first byte (408)."
  )
  static let bodyTimeout = Setting(
    "SERVER_BODY_TIMEOUT",
    default: "20s",
    "Time for a request body before the least pace of 500 B/s counts (408)."
  )
  static let idleTimeout = Setting(
    "SERVER_IDLE_TIMEOUT",
    default: "75s",
    "How long an unused connection is kept open."
  )
  static let requestTimeout = Setting(
    "SERVER_REQUEST_TIMEOUT",
    default: "60s",
    "Time for a whole request; the caller gets 503 when it is over."
  )
  static let shutdownTimeout = Setting(
    "SERVER_SHUTDOWN_TIMEOUT",
    default: "30s",
    "How long a stop may take after SIGTERM: the drain time, requests in flight, messages, exports."
  )
  static let drainTime = Setting(
    "SERVER_DRAIN_TIME",
    default: "5s",
    allInOne: "0s",
    "How long requests are still taken after SIGTERM, each answered with Connection: close."
  )

  static let modulesHosted = Setting(
    "GATEWAY_MODULES",
    "Modules that are hosted, comma-separated: \(Modules.all.map(\.name).joined(separator: ", ")); if not set, each of "
      + "which a variable is set that no other module has."
  )
  static let sharesDatabase = Setting(
    "GATEWAY_SHARED_DATABASE",
    default: "false",
    "true: several modules may share one database."
  )
  static let databaseReadConnections = Setting(
    "DATABASE_READ_CONNECTIONS",
    default: "2",
    "Pipelined connections for reads, for each loop."
  )
  static let databaseWriteConnections = Setting(
    "DATABASE_WRITE_CONNECTIONS",
    default: "4",
    "Connections for transactions, for each loop."
  )
  static let databaseLeaseTimeout = Setting(
    "DATABASE_LEASE_TIMEOUT",
    default: "1s",
    "How long a request waits for a database connection (503 after it)."
  )
  static let databaseStatementTimeout = Setting(
    "DATABASE_STATEMENT_TIMEOUT",
    default: "10s",
    "How long one statement may run before it is cancelled."
  )

  static let apiTimeout = Setting(
    "API_TIMEOUT",
    default: "20s",
    "Time for one call of another service, apart from the 30s that a token for it may take."
  )
  static let upstreamCertificates = Setting(
    "API_TRUSTED_CERTIFICATES_FILE",
    "PEM authorities to trust for calls to other services; the system's if not set."
  )
  static let proxy = Setting(
    "HTTPS_PROXY",
    aliases: ["HTTP_PROXY"],
    ignoresCase: true,
    "Proxy, host:port or a URL (port 3128 if none), for calls of other services, tokens and AWS; names in any case."
  )
  static let proxyExceptions = Setting(
    "NO_PROXY",
    ignoresCase: true,
    "Hosts that are called without HTTPS_PROXY, comma-separated, * for any text and .x for *.x; none is implied."
  )
  static let proxiesAll = Setting(
    "GATEWAY_PROXY_KEYS_AND_TELEMETRY",
    default: "false",
    "Whether the issuer's keys are asked for, and traces and telemetry sent, by HTTPS_PROXY too."
  )

  static let apiHealthTimeout = Setting(
    "API_HEALTH_TIMEOUT",
    "How long each check of /health may take; if not set 2s, but as long as a call for the services that "
      + Modules.all.filter(\.pingsAsLongAsItCalls).map(\.title).joined(separator: " and ") + " calls."
  )
  static let healthDetails = Setting(
    "HEALTH_DETAILS",
    default: "always",
    "Whether /health tells names and counts of its components to anyone: always or never."
  )
  static let subjectAccessRole = Setting(
    "HMPPS_SAR_ADDITIONALACCESSROLE",
    "A role that may make subject access requests besides SAR_DATA_ACCESS."
  )
  static let buildNumber = Setting(
    "BUILD_NUMBER",
    "Number of this build, for /info and the API's description; if not set, the day of BUILD_TIME or of the program file."
  )
  static let buildTime = Setting("BUILD_TIME", "When this build was made (ISO 8601), for /info.")
  static let gitBranch = Setting("GIT_BRANCH", "Branch this build was made from, for /info.")
  static let gitCommit = Setting(
    "GIT_REF",
    aliases: ["GIT_COMMIT"],
    "Commit this build was made from, for /info."
  )

  static let permittedProfiles = Setting(
    "GATEWAY_PROFILES",
    default: "any",
    "Profiles in which the process may be started: any, or production, which refuses --profile all-in-one with its doubles."
  )
  static let localData = Setting(
    "GATEWAY_LOCAL_DATA",
    default: ".local",
    "Folder of the all-in-one profile's database and signing key."
  )
  static let localPrisoners = Setting(
    "GATEWAY_LOCAL_PRISONERS",
    default: "samples",
    "Whom the double of prisoner search knows: samples, or any (any prisoner number at all: for load tests)."
  )

  static let batchEnabled = Setting(
    "BATCH_ENABLED",
    default: "false",
    "true: `gateway serve` runs the job of BATCH_TYPE and exits, as the replaced service did."
  )
  static let batchType = Setting(
    "BATCH_TYPE",
    "Job that BATCH_ENABLED runs: \(Modules.all.flatMap(\.jobs).map(\.batchType).joined(separator: ", "))."
  )

  /// All settings of the modules that can be hosted, in the order of docs/settings.md.
  static let all = all(of: Modules.all)

  static let modules = Modules.all

  /// - Parameter modules: whose settings are among them.
  static func all(of modules: [ModuleManifest]) -> [Setting] {
    var seen: Set<String> = []
    let all = server + [modulesHosted] + modules.flatMap(\.allSettings) + shared + messaging + observability
    // What several modules have is in it once.
    return (all + [permittedProfiles, localData, localPrisoners]).filter { seen.insert($0.name).inserted }
  }

  private static let server: [Setting] = [
    serverHost, serverPort, serverLoops, tlsCertificate, tlsPrivateKey, maximumConnections,
    maximumConnectionsPerPeer, maximumHeaderBytes, maximumBodyBytes, headerTimeout, bodyTimeout, idleTimeout,
    requestTimeout, shutdownTimeout, drainTime,
  ]

  /// What all modules have in common.
  private static let shared: [Setting] = [
    sharesDatabase, databaseReadConnections, databaseWriteConnections, databaseLeaseTimeout,
    databaseStatementTimeout, .auth, apiTimeout, upstreamCertificates, proxy, proxyExceptions, proxiesAll,
    apiHealthTimeout, healthDetails, subjectAccessRole, buildNumber, buildTime, gitBranch, gitCommit,
    batchEnabled, batchType,
  ]

  /// Prefixes of names that are ours to know: a variable that starts with one and is in no setting is a mistake.
  static let ownPrefixes =
    ["SERVER_"] + modules.map { $0.settings.prefix + "_" } + ["API_BASE_URL_", "GATEWAY_", "HMPPS_SQS_"]
}
