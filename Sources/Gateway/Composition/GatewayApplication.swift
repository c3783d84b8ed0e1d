internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import Observability
internal import Postgres
internal import ServiceKit
internal import Time

/// The whole gateway, running. Commands and tests start it the same way.
final class GatewayApplication: Sendable {
  let composition: Composition
  private let services: ServiceList

  private init(_ composition: Composition, _ services: ServiceList) {
    self.composition = composition
    self.services = services
  }

  /// Brings the databases to their schemas, and listens.
  /// - Parameter clock: the time of day, for records and for tokens.
  /// - Throws: what keeps the gateway from serving: a refused migration, an address in use, unreadable certificates. By
  ///   then everything that was started is stopped.
  static func start(
    _ configuration: Configuration,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger,
    options: Composition.Options = Composition.Options()
  ) async throws -> GatewayApplication {
    let composition = try Composition(
      configuration,
      group: group,
      clock: clock,
      logger: logger,
      options: options
    )
    // Takes up to a second, in which the schemas are brought up to date.
    let names = Task { [messaging = composition.messaging] in
      try await messaging.checkNames(on: group.any(), logger: logger)
    }
    defer { names.cancel() }
    let services = composition.services(Stopping()) { try await names.value }
    // Nobody has been served yet.
    try await services.start {
      StopPlan(now: group.now(), draining: .zero, limit: configuration.server.shutdownTimeout)
    }
    return GatewayApplication(composition, services)
  }

  /// Stops: readiness is refused at once, and no more messages are taken; requests are for `SERVER_DRAIN_TIME`, each
  /// answered with `Connection: close`, and those in flight finish; then everything is given back. All of it is over in
  /// `SERVER_SHUTDOWN_TIMEOUT`, and what is stuck is left behind.
  func shutdown() async {
    composition.platform.readiness.beginShutdown()
    let server = configuration.server
    await services.stop(
      by: StopPlan(
        now: composition.platform.group.now(),
        draining: server.drainTime,
        limit: server.shutdownTimeout
      )
    )
  }

  /// What SIGHUP does: reads the certificates again, where there are any.
  var onHangUp: (@Sendable () -> Void)? {
    let certificates = composition.certificates
    guard !certificates.isEmpty else { return nil }
    return { Task.detached { await certificates.look(isAsked: true) } }
  }

  var configuration: Configuration { composition.configuration }

  /// Where it listens, with the port that the kernel chose if 0 was asked for.
  var address: SocketAddress { composition.listener.address }

  /// Where a client on this machine finds it.
  var url: String {
    // The wildcard of either family takes connections to this.
    let authority = address.isWildcard ? "127.0.0.1:\(address.port)" : "\(address)"
    return "\(configuration.server.tlsFiles != nil ? "https" : "http")://\(authority)"
  }

  /// The databases, by the names of the modules.
  var databases: [String: PostgresDatabase] {
    Dictionary(composition.modules.map { ($0.name, $0.database) }) { first, _ in first }
  }
}
