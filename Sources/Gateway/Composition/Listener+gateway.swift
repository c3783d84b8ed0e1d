internal import EventLoops
internal import HTTPTransport
internal import HTTPTypes
internal import Logging
internal import ModuleKit
internal import Observability
internal import ServiceKit

extension Listener {
  /// The listener for the modules, and for `/metrics` where that has no port of its own.
  /// - Parameters:
  ///   - tls: nil for plain HTTP.
  ///   - accessLog: gets an entry for each answer; nil for none.
  /// - Throws: `ConfigurationError` for a `SERVER_HOST` that is no address.
  static func forRequests(
    _ mount: Mount,
    _ platform: Platform,
    tls: TLSContext?,
    accessLog: RequestObserver.AccessLog?
  ) throws(ConfigurationError) -> Listener {
    let (configuration, observability) = (platform.configuration, platform.observability)
    let observer = RequestObserver(
      metrics: observability.server,
      spans: observability.spans,
      recordsProbes: observability.keepsProbes,
      accessLog: accessLog
    )
    let servesMetrics = configuration.observability.metricsPort == nil
    let errors = TransportErrors(logger: platform.logger)
    let limits = configuration.serverLimits(loops: platform.group.loops.count)
    let differences = configuration.modules.compactMap(\.templateDifference)
    for warning in limits.warnings + differences { platform.logger.warning("\(warning)") }
    let responder: Responder = { request in
      // A module's own host shows that module's surface alone.
      if servesMetrics, GatewayObservability.isForMetrics(request), mount.ownEntry(of: request) == nil {
        return await observability.metricsResponse()
      }
      return await observer.respond(to: request) { await mount.respond(to: $0) }
    }
    let server = HTTPServer(
      configuration: configuration.server.http(limits: limits) { status, reason in
        observability.server.countRefusal(status: status.code)
        return errors.response(status, reason)
      },
      tls: tls,
      group: platform.group,
      logger: platform.logger,
      responder: responder
    )
    observability.server.add(server)
    let address = try configuration.server.listenAddress(port: configuration.server.port)
    return Listener(server, responder, at: address, setting: SettingsCatalog.serverPort.name)
  }

  /// A listener for `/metrics` alone, if it has a port of its own.
  /// - Throws: `ConfigurationError` for a `SERVER_HOST` that is no address.
  static func forMetrics(_ platform: Platform) throws(ConfigurationError) -> Listener? {
    let (configuration, observability) = (platform.configuration, platform.observability)
    guard let port = configuration.observability.metricsPort else { return nil }
    let errors = TransportErrors(logger: platform.logger)
    var http = configuration.server.http(
      limits: configuration.serverLimits(loops: platform.group.loops.count),
      errorResponse: errors.response
    )
    // For a few scrapers: a crowd here takes nothing from the requests.
    http.maximumConnections = 32
    http.maximumTurnedAway = 32
    http.maximumHeldBytes = 4_194_304
    let responder: Responder = { request in
      GatewayObservability.isForMetrics(request)
        ? await observability.metricsResponse()
        : errors.response(.notFound, "only /metrics is here")
    }
    let server = HTTPServer(
      configuration: http,
      tls: nil,
      group: platform.group,
      logger: platform.logger,
      responder: responder
    )
    let address = try configuration.server.listenAddress(port: port)
    return Listener(server, responder, at: address, setting: SettingsCatalog.metricsPort.name)
  }
}

extension Configuration.Server {
  fileprivate func listenAddress(port: UInt16) throws(ConfigurationError) -> SocketAddress {
    guard let address = address(port: port) else {
      throw ConfigurationError(problems: ["SERVER_HOST: '\(host)' is not a numeric address"])
    }
    return address
  }
}
