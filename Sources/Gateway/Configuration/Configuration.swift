internal import EventLoops
internal import HTTPTransport
internal import Logging

/// What the gateway runs with, read once at the composition root.
struct Configuration: Sendable {
  struct Server: Sendable {
    var host: String
    var port: UInt16
    /// nil: one for each core.
    var loops: Int?
    var tlsFiles: (certificate: String, privateKey: String)?
    var maximumConnections: Int
    var maximumConnectionsPerPeer: Int?
    var maximumHeaderBytes: Int
    var maximumBodyBytes: Int
    var headerTimeout: Duration
    var bodyTimeout: Duration
    var idleTimeout: Duration
    var requestTimeout: Duration
    var shutdownTimeout: Duration
    var drainTime: Duration

    /// Where to listen on this machine; nil if `host` is no numeric address.
    func address(port: UInt16) -> SocketAddress? { SocketAddress(numeric: host, port: port)?.usable() }
  }

  struct Database: Sendable {
    /// A libpq connection string; holds the password.
    var connectionString: String
    var readConnections: Int
    var writeConnections: Int
    var leaseTimeout: Duration
    var statementTimeout: Duration
  }

  struct Upstreams: Sendable {
    var oauthBase: String
    var prisonerSearchBase: String
    var timeout: Duration
    var trustedCertificatesFile: String?
    /// The proxy that other services are called by.
    var proxy: HTTPProxy?
    /// Whether the issuer's keys are asked for by it too.
    var proxiesKeys: Bool
    var nonAssociationsClientID: String
    var nonAssociationsClientSecret: String
  }

  /// What is told about the service itself.
  struct About: Sendable {
    var nonAssociationsProductID: String
    var restrictedPatientsProductID: String
    var documentsRestrictedPatients: Bool
    var buildNumber: String?
    var buildTime: String?
    var gitBranch: String?
    var gitCommit: String?
    var showsHealthDetails: Bool
    var healthTimeout: Duration
    var subjectAccessRole: String?

    /// What metrics and telemetry call the version.
    var version: String { buildNumber ?? BuildInformation.version }
  }

  var server: Server
  var nonAssociationsDatabase: Database
  var nonAssociationsHosts: [HTTPHost]
  var upstreams: Upstreams
  var about: About
  var messaging: MessagingConfiguration
  var restrictedPatients: RestrictedPatients
  var logLevel: Logger.Level
  var logFormat: LogFormat
  var observability: Observability
}

extension Configuration {
  /// Reads everything the server needs. What `provided` gives (the all-in-one profile's database, doubles and client)
  /// is not asked of the operator.
  /// - Throws: `ConfigurationError` with every problem at once.
  static func read(
    _ reader: inout SettingsReader,
    provided: LocalWorld? = nil
  ) throws(ConfigurationError) -> Configuration {
    let messaging = MessagingConfiguration.read(&reader)
    let configuration = messaging.map { messaging in
      Configuration(
        server: readServer(&reader),
        nonAssociationsDatabase: readNonAssociationsDatabase(&reader, provided: provided?.databaseURL),
        nonAssociationsHosts: reader.hosts(SettingsCatalog.nonAssociationsHosts),
        upstreams: readUpstreams(&reader, provided: provided),
        about: readAbout(&reader),
        messaging: messaging,
        restrictedPatients: readRestrictedPatients(&reader, provided: provided),
        logLevel: readLogLevel(&reader),
        logFormat: readLogFormat(&reader),
        observability: readObservability(&reader)
      )
    }
    if let configuration { checkHosts(configuration, &reader) }
    guard var configuration, reader.problems.isEmpty else {
      throw ConfigurationError(problems: reader.problems)
    }
    if configuration.upstreams.proxiesKeys {
      configuration.observability.proxy = configuration.upstreams.proxy
    }
    return configuration
  }

  /// A host that two modules have would show one of them only, and nobody would know which.
  private static func checkHosts(_ configuration: Configuration, _ reader: inout SettingsReader) {
    for host in configuration.nonAssociationsHosts where configuration.restrictedPatients.hosts.contains(host)
    {
      reader.note(
        "\(SettingsCatalog.restrictedPatientsHosts.name): '\(host)' is in "
          + "\(SettingsCatalog.nonAssociationsHosts.name) too, and a host shows one module"
      )
    }
  }

  static func readNonAssociationsDatabase(
    _ reader: inout SettingsReader,
    provided: String? = nil
  ) -> Database {
    readDatabase(
      &reader,
      DatabaseSettings(
        title: "non-associations",
        url: SettingsCatalog.nonAssociationsDatabaseURL,
        endpoint: SettingsCatalog.nonAssociationsDatabaseEndpoint,
        name: SettingsCatalog.nonAssociationsDatabaseName,
        username: SettingsCatalog.nonAssociationsDatabaseUsername,
        password: SettingsCatalog.nonAssociationsDatabasePassword
      ),
      provided: provided
    )
  }

  static func readLogLevel(_ reader: inout SettingsReader) -> Logger.Level {
    let levels = Logger.Level.allCases.map { ($0.rawValue, $0) }
    return reader.choice(SettingsCatalog.logLevel, levels, fallback: .info)
  }

  static func readLogFormat(_ reader: inout SettingsReader) -> LogFormat {
    reader.choice(SettingsCatalog.logFormat, [("json", .json), ("text", .text)], fallback: .json)
  }

  private static func readServer(_ reader: inout SettingsReader) -> Server {
    let host = reader.requiredText(SettingsCatalog.serverHost)
    if SocketAddress(numeric: host, port: 0) == nil {
      reader.note("SERVER_HOST: '\(host)' is not a numeric IPv4 or IPv6 address")
    }
    let certificate = reader.text(SettingsCatalog.tlsCertificate)
    let privateKey = reader.text(SettingsCatalog.tlsPrivateKey)
    if (certificate == nil) != (privateKey == nil) {
      reader.note("SERVER_TLS_CERTIFICATE_FILE and SERVER_TLS_PRIVATE_KEY_FILE are needed together")
    }
    let tlsFiles = certificate.flatMap { certificate in
      privateKey.map { (certificate: certificate, privateKey: $0) }
    }
    return Server(
      host: host,
      port: UInt16(clamping: reader.integer(SettingsCatalog.serverPort, in: 0...65_535)),
      loops: reader.optionalInteger(SettingsCatalog.serverLoops, in: 1...256),
      tlsFiles: tlsFiles,
      maximumConnections: reader.integer(SettingsCatalog.maximumConnections, in: 1...1_000_000),
      maximumConnectionsPerPeer: reader.optionalInteger(
        SettingsCatalog.maximumConnectionsPerPeer,
        in: 1...1_000_000
      ),
      maximumHeaderBytes: reader.integer(SettingsCatalog.maximumHeaderBytes, in: 1_024...1_048_576),
      maximumBodyBytes: reader.integer(SettingsCatalog.maximumBodyBytes, in: 1_024...1_073_741_824),
      headerTimeout: reader.duration(SettingsCatalog.headerTimeout),
      bodyTimeout: reader.duration(SettingsCatalog.bodyTimeout),
      idleTimeout: reader.duration(SettingsCatalog.idleTimeout),
      requestTimeout: reader.duration(SettingsCatalog.requestTimeout),
      shutdownTimeout: reader.duration(SettingsCatalog.shutdownTimeout),
      drainTime: reader.duration(SettingsCatalog.drainTime, isZeroAllowed: true)
    )
  }

  /// Where one module's database may be named.
  struct DatabaseSettings {
    /// The module's, for error texts.
    var title: String
    var url: Setting
    var endpoint: Setting
    var name: Setting
    var username: Setting
    var password: Setting
  }

  static func readDatabase(
    _ reader: inout SettingsReader,
    _ settings: DatabaseSettings,
    provided: String?
  ) -> Database {
    let connectionString =
      provided ?? reader.text(settings.url) ?? reader.text(SettingsCatalog.databaseURL)
      ?? connectionStringFromParts(&reader, settings)
    return Database(
      connectionString: connectionString,
      readConnections: reader.integer(SettingsCatalog.databaseReadConnections, in: 1...100),
      writeConnections: reader.integer(SettingsCatalog.databaseWriteConnections, in: 1...100),
      leaseTimeout: reader.duration(SettingsCatalog.databaseLeaseTimeout),
      statementTimeout: reader.duration(SettingsCatalog.databaseStatementTimeout)
    )
  }

  /// The replaced services were given host:port, name, user and password apart, and used TLS with `verify-full`.
  private static func connectionStringFromParts(
    _ reader: inout SettingsReader,
    _ settings: DatabaseSettings
  ) -> String {
    guard let endpoint = reader.text(settings.endpoint) else {
      reader.note(
        "\(settings.url.name) (or DATABASE_URL, or \(settings.endpoint.name) with _NAME, _USERNAME "
          + "and _PASSWORD) is not set: where the \(settings.title) database is"
      )
      return ""
    }
    let place = DatabaseEndpoint(endpoint)
    if place == nil {
      reader.note(
        "\(settings.endpoint.name): '\(endpoint)' is neither host, host:port, [IPv6 address]:port nor IPv6 address"
      )
    }
    let fields = [
      ("host", place?.host ?? ""), ("port", "\(place?.port ?? DatabaseEndpoint.standardPort)"),
      ("dbname", reader.requiredText(settings.name)),
      ("user", reader.requiredText(settings.username)),
      ("password", reader.requiredText(settings.password)),
      ("sslmode", "verify-full"),
    ]
    return fields.map { "\($0)='\(escaped($1))'" }.joined(separator: " ")
  }

  /// Backslash and quote are escaped inside a quoted value of a libpq keyword string (libpq, 34.1.1.1).
  private static func escaped(_ value: String) -> String {
    var text = ""
    for character in value {
      if character == "\\" || character == "'" { text.append("\\") }
      text.append(character)
    }
    return text
  }

  private static func readUpstreams(_ reader: inout SettingsReader, provided: LocalWorld?) -> Upstreams {
    Upstreams(
      oauthBase: provided?.oauthBase ?? reader.requiredText(SettingsCatalog.oauthBase),
      prisonerSearchBase: provided?.prisonerSearchBase
        ?? reader.requiredText(SettingsCatalog.prisonerSearchBase),
      timeout: reader.duration(SettingsCatalog.apiTimeout),
      trustedCertificatesFile: reader.text(SettingsCatalog.upstreamCertificates),
      // What the all-in-one profile calls is on this machine.
      proxy: provided == nil ? reader.proxy() : nil,
      proxiesKeys: reader.boolean(SettingsCatalog.proxiesAll),
      nonAssociationsClientID: provided?.clientID
        ?? reader.requiredText(SettingsCatalog.nonAssociationsClientID),
      nonAssociationsClientSecret: provided?.clientSecret
        ?? reader.requiredText(SettingsCatalog.nonAssociationsClientSecret)
    )
  }
}

extension Configuration {
  private static func readAbout(_ reader: inout SettingsReader) -> About {
    About(
      nonAssociationsProductID: reader.requiredText(SettingsCatalog.nonAssociationsProductID),
      restrictedPatientsProductID: reader.requiredText(SettingsCatalog.restrictedPatientsProductID),
      documentsRestrictedPatients: reader.boolean(SettingsCatalog.restrictedPatientsDocuments),
      buildNumber: reader.text(SettingsCatalog.buildNumber),
      buildTime: reader.text(SettingsCatalog.buildTime),
      gitBranch: reader.text(SettingsCatalog.gitBranch),
      gitCommit: reader.text(SettingsCatalog.gitCommit),
      showsHealthDetails: reader.choice(
        SettingsCatalog.healthDetails,
        [("always", true), ("never", false)],
        fallback: true
      ),
      healthTimeout: reader.duration(SettingsCatalog.apiHealthTimeout),
      subjectAccessRole: reader.text(SettingsCatalog.subjectAccessRole)
    )
  }
}

/// What the all-in-one profile has started and the configuration therefore need not name.
struct LocalWorld: Sendable {
  var databaseURL: String
  var oauthBase: String
  var prisonerSearchBase: String
  var clientID: String
  var clientSecret: String
  var prisonAPIBase: String
  var restrictedPatientsClientID: String
  var restrictedPatientsClientSecret: String
}
