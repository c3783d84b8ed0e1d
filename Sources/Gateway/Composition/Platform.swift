internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import ModuleKit
internal import Observability
internal import ServiceKit
internal import Time

/// What all modules of the process are built from.
struct Platform: Sendable {
  let configuration: Configuration
  let group: EventLoopGroup
  let london: LondonTime
  let clock: any WallClock
  let observability: GatewayObservability
  /// Trust for the services called by HTTPS; nil where none of them is.
  let tls: TLSContext?
  /// For the issuer's keys.
  let keysClient: HTTPClient
  let upstreamHealth: UpstreamHealth
  let readiness = ReadinessState()
  let bus = EventBus()
  /// Writes to Application Insights too, if there is one.
  let logger: Logger

  /// Opens no connection yet.
  /// - Throws: what keeps the gateway from serving: certificates or a time zone that cannot be read.
  init(
    _ configuration: Configuration,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger
  ) throws {
    self.configuration = configuration
    self.group = group
    self.clock = clock
    london = try LondonTime()
    observability = try GatewayObservability(
      configuration,
      group: group,
      clock: clock,
      logger: logger
    )
    self.logger = observability.logger
    tls = try configuration.clientTLS()
    keysClient = HTTPClient(
      group: group,
      configuration: configuration.upstreams.keysClientConfiguration,
      tls: tls,
      interceptor: observability.upstreams.interceptor
    )
    observability.upstreams.add(keysClient)
    var asking = configuration.upstreams.clientConfiguration
    asking.maximumConnectionsPerOrigin = 4
    upstreamHealth = UpstreamHealth(
      configuration.modules.flatMap { module in
        let timeout = configuration.pingTimeout(of: module.manifest)
        return ([module.auth] + module.upstreams.values).map {
          UpstreamHealth.Question(base: $0, timeout: timeout)
        }
      },
      client: HTTPClient(
        group: group,
        configuration: asking,
        tls: tls,
        interceptor: observability.upstreams.interceptor
      )
    )
  }

  /// Connections of a module's own.
  func client(for bulkhead: Bulkhead) -> HTTPClient {
    var calling = configuration.upstreams.clientConfiguration
    if bulkhead.isForChanges { calling.maximumWait = configuration.upstreams.timeout / 2 }
    let client = HTTPClient(
      group: group,
      configuration: calling,
      tls: tls,
      interceptor: observability.upstreams.interceptor
    )
    observability.upstreams.add(client)
    return client
  }

  /// What is open between the process and the services that are the same for all modules.
  func shutdown() async {
    await upstreamHealth.shutdown()
    await keysClient.shutdown()
  }
}

extension Configuration {
  /// Trust for the services called by HTTPS; nil when none of them is.
  /// - Throws: `StreamError.tls` when the trusted certificates cannot be loaded.
  func clientTLS() throws(StreamError) -> TLSContext? {
    let urls = modules.flatMap { [$0.auth] + $0.upstreams.values }
    guard urls.contains(where: { $0.scheme == .https }) else { return nil }
    return try TLSContext(trustedCertificatesFile: upstreams.trustedCertificatesFile)
  }
}

extension Configuration.Upstreams {
  /// How clients call other services.
  var clientConfiguration: HTTPClientConfiguration {
    var configuration = HTTPClientConfiguration()
    configuration.proxy = proxy
    return configuration
  }

  /// How the issuer is asked for its keys: not by the proxy, as the replaced services did, unless that is asked for.
  var keysClientConfiguration: HTTPClientConfiguration {
    proxiesKeys ? clientConfiguration : HTTPClientConfiguration()
  }
}
