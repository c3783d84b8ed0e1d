internal import EventLoops
internal import HTTPTransport
internal import Logging
internal import ModuleKit

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

  struct Upstreams: Sendable {
    var timeout: Duration
    var trustedCertificatesFile: String?
    /// The proxy that other services are called by.
    var proxy: HTTPProxy?
    /// Whether the issuer's keys are asked for by it too.
    var proxiesKeys: Bool
  }

  /// What is told about the process itself.
  struct About: Sendable {
    var buildNumber: String?
    var buildTime: String?
    var gitBranch: String?
    var gitCommit: String?
    var showsHealthDetails: Bool
    /// nil where each module's own counts.
    var healthTimeout: Duration?
    var subjectAccessRole: String?

    /// What metrics, telemetry, `/info` and the API's description call the version: the build's number, else its date
    /// (docs/contract/platform.md §3.6).
    var version: String { buildNumber ?? BuildInformation.date(of: buildTime) }
  }

  /// The hosted modules, in the order of `Modules.all`; at least one.
  var modules: [ModuleConfiguration]
  /// Whose tokens are taken.
  var auth: HTTPURL
  var server: Server
  var upstreams: Upstreams
  var about: About
  var messaging: MessagingConfiguration
  /// The job that the server is to run before it exits, without serving; nil for a server.
  var batch: JobDeclaration?
  var logLevel: Logger.Level
  var logFormat: LogFormat
  var observability: Observability
}

extension Configuration {
  /// Reads everything the server needs.
  /// - Parameter modules: those that can be hosted.
  /// - Throws: `ConfigurationError` with every problem at once.
  static func read(
    _ reader: inout SettingsReader,
    of modules: [ModuleManifest] = Modules.all
  ) throws(ConfigurationError) -> Configuration {
    let selected = ModuleSelection(modules: modules).read(&reader)
    // Nothing else says that it is missing where no module is hosted.
    if selected.isEmpty { _ = reader.requiredText(.auth) }
    let hosted = selected.compactMap { ModuleConfiguration.read($0, &reader) }
    SharedSettings.check(hosted.map { ($0.manifest, $0.database) }, &reader)
    checkHosts(hosted, &reader)
    let messaging = MessagingConfiguration.read(hosted.map(\.messaging), &reader)
    let server = readServer(&reader)
    let upstreams = readUpstreams(&reader)
    let about = readAbout(&reader)
    let batch = readBatch(hosted.map(\.manifest), &reader)
    _ = PermittedProfiles.read(&reader)
    let (level, format) = (readLogLevel(&reader), readLogFormat(&reader))
    var observability = readObservability(&reader)
    guard let messaging, let first = hosted.first, reader.problems.isEmpty else {
      throw ConfigurationError(problems: reader.problems)
    }
    if upstreams.proxiesKeys { observability.proxy = upstreams.proxy }
    return Configuration(
      modules: hosted,
      auth: first.auth,
      server: server,
      upstreams: upstreams,
      about: about,
      messaging: messaging,
      batch: batch,
      logLevel: level,
      logFormat: format,
      observability: observability
    )
  }

  /// A host that two modules have would show one of them only, and nobody would know which.
  private static func checkHosts(_ hosted: [ModuleConfiguration], _ reader: inout SettingsReader) {
    for (index, module) in hosted.enumerated() {
      for earlier in hosted[..<index] {
        for host in earlier.hosts where module.hosts.contains(host) {
          reader.note(
            "\(module.manifest.settings.hosts.name): '\(host)' is in \(earlier.manifest.settings.hosts.name) too, and a "
              + "host shows one module"
          )
        }
      }
    }
  }

  private static func readBatch(_ hosted: [ModuleManifest], _ reader: inout SettingsReader) -> JobDeclaration?
  {
    guard reader.boolean(SettingsCatalog.batchEnabled) else { return nil }
    let jobs = hosted.flatMap(\.jobs)
    let choices = jobs.map { ($0.batchType.lowercased(), Optional($0)) }
    return reader.choice(SettingsCatalog.batchType, choices, fallback: nil)
  }

  static func readLogLevel(_ reader: inout SettingsReader) -> Logger.Level {
    reader.choice(SettingsCatalog.logLevel, logLevels, fallback: .info)
  }

  static let logLevels = Logger.Level.allCases.map { ($0.rawValue, $0) }

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

  private static func readUpstreams(_ reader: inout SettingsReader) -> Upstreams {
    Upstreams(
      timeout: reader.duration(SettingsCatalog.apiTimeout),
      trustedCertificatesFile: reader.text(SettingsCatalog.upstreamCertificates),
      // What the all-in-one profile calls is on this machine.
      proxy: reader.provided.isEmpty ? reader.proxy() : nil,
      proxiesKeys: reader.boolean(SettingsCatalog.proxiesAll)
    )
  }
}

extension Configuration {
  /// How long a ping of a service that a module calls may take.
  func pingTimeout(of manifest: ModuleManifest) -> Duration {
    about.healthTimeout ?? (manifest.pingsAsLongAsItCalls ? upstreams.timeout : Self.checkTimeout)
  }

  /// How long any other check of `/health` may take.
  var healthTimeout: Duration { about.healthTimeout ?? Self.checkTimeout }

  private static let checkTimeout = Duration.seconds(2)

  private static func readAbout(_ reader: inout SettingsReader) -> About {
    About(
      buildNumber: reader.text(SettingsCatalog.buildNumber),
      buildTime: reader.text(SettingsCatalog.buildTime),
      gitBranch: reader.text(SettingsCatalog.gitBranch),
      gitCommit: reader.text(SettingsCatalog.gitCommit),
      showsHealthDetails: reader.choice(
        SettingsCatalog.healthDetails,
        [("always", true), ("never", false)],
        fallback: true
      ),
      healthTimeout: reader.optionalDuration(SettingsCatalog.apiHealthTimeout),
      subjectAccessRole: reader.text(SettingsCatalog.subjectAccessRole)
    )
  }
}
