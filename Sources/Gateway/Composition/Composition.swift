internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import ModuleKit
internal import Observability
internal import ServiceKit
internal import Time

/// Everything of a gateway, put together and not yet started: settings become the platform, the platform and the
/// manifests become modules, and the modules' parts become services.
struct Composition: Sendable {
  /// What differs from one start to another beside the configuration.
  struct Options: Sendable {
    /// Gets an entry for each answer; nil for none.
    var accessLog: RequestObserver.AccessLog?
    /// What the all-in-one profile adds to the console; nil outside of it.
    var localRoutes: [RouteDeclaration]?
    /// How often the files of certificates are looked at.
    var certificateInterval = Certificates.interval
    /// How often it is looked whether a restore took anything of the schemas away.
    var schemaInterval = SchemaWatch.interval
    /// What tests put in the place of parts of modules, by the modules' names.
    var replacements: [String: ComposedModule.Replacements] = [:]
  }

  let platform: Platform
  let modules: [ComposedModule]
  let messaging: Messaging
  let events: EventsRuntime
  let mount: Mount
  let listener: Listener
  /// For `/metrics` alone, if there is one.
  let metricsListener: Listener?
  let certificates: Certificates
  let schemaInterval: Duration

  var configuration: Configuration { platform.configuration }
  var logger: Logger { platform.logger }

  /// Opens no connection yet.
  /// - Throws: what keeps the gateway from serving: unreadable certificates, credentials that are missing, routes that
  ///   clash.
  init(
    _ configuration: Configuration,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger,
    options: Options
  ) throws {
    let tls = try configuration.server.tlsFiles.map { (files) throws(StreamError) in
      try TLSContext(certificateFile: files.certificate, privateKeyFile: files.privateKey)
    }
    let platform = try Platform(configuration, group: group, clock: clock, logger: logger)
    let modules = try configuration.modules.map { module in
      try ComposedModule(module, platform, options.replacements[module.name] ?? .init())
    }
    guard let first = modules.first else { throw ConfigurationError(problems: ["no module is hosted"]) }
    self.platform = platform
    self.modules = modules
    messaging = try Messaging(
      configuration.messaging,
      database: first.database,
      upstreams: configuration.upstreams,
      group: group,
      clock: clock,
      logger: platform.logger
    )
    events = EventsRuntime(modules, on: messaging, platform)
    for module in modules { module.instance.subscribe(to: platform.bus) }
    mount = try Mount(modules, platform, events, localRoutes: options.localRoutes)
    listener = try Listener.forRequests(mount, platform, tls: tls, accessLog: options.accessLog)
    metricsListener = try Listener.forMetrics(platform)
    certificates = Certificates(
      Self.certificateUses(platform, modules, messaging, listener.server),
      every: options.certificateInterval,
      clock: group,
      logger: platform.logger
    )
    schemaInterval = options.schemaInterval
    certificates.add(to: platform.observability.metrics)
    platform.observability.metrics.add(events, on: group.any())
  }

  /// What uses files of certificates, each with a way to take new ones.
  private static func certificateUses(
    _ platform: Platform,
    _ modules: [ComposedModule],
    _ messaging: Messaging,
    _ server: HTTPServer
  ) -> [Certificates.Use] {
    let configuration = platform.configuration
    var uses: [Certificates.Use] = []
    if let files = configuration.server.tlsFiles {
      uses.append(
        Certificates.Use(name: "server", files: [files.certificate, files.privateKey]) {
          await server.replaceTLS(
            try TLSContext(certificateFile: files.certificate, privateKeyFile: files.privateKey)
          )
        }
      )
    }
    if let file = configuration.upstreams.trustedCertificatesFile {
      uses.append(
        Certificates.Use(name: "upstreams", files: [file]) {
          let context = try TLSContext(trustedCertificatesFile: file)
          for module in modules { module.replaceTLS(context) }
          platform.keysClient.replaceTLS(context)
          platform.upstreamHealth.replaceTLS(context)
          messaging.replaceTLS(context)
        }
      )
    }
    if let file = configuration.observability.tracesCertificateFile {
      uses.append(
        Certificates.Use(name: "traces", files: [file]) {
          platform.observability.tracesClient.replaceTLS(try TLSContext(trustedCertificatesFile: file))
        }
      )
    }
    return uses
  }
}
