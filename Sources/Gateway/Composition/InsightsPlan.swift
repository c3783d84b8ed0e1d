internal import EventLoops
internal import HTTPTransport
internal import Logging
internal import ModuleKit
internal import Observability
internal import ServiceKit
internal import Time

/// Which module's telemetry goes to which Application Insights, and under which role (docs/contract/adoption.md §3).
struct InsightsPlan: Sendable {
  /// One for each Application Insights, whichever modules send to it.
  let senders: [ApplicationInsights]
  /// nil where nothing is sent.
  let roles: InsightsRoles?
  /// By module.
  private let telemetry: [String: any Telemetry]

  /// - Parameter logger: writes to the log alone: what cannot be sent is not told to those who do not get it.
  init(
    _ configuration: Configuration,
    client: HTTPClient,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger
  ) {
    var senders: [ApplicationInsightsConnection: ApplicationInsights] = [:]
    var telemetry: [String: any Telemetry] = [:]
    var roles: [String: InsightsRoles.Role?] = [:]
    var first: InsightsRoles.Role?
    for module in configuration.modules {
      guard let connection = module.applicationInsights else {
        roles.updateValue(nil, forKey: module.name)
        continue
      }
      let sender =
        senders[connection]
        ?? ApplicationInsights(
          connection,
          client: client,
          loop: group.any(),
          instance: HostName.current,
          version: configuration.about.version,
          clock: clock,
          logger: logger
        )
      senders[connection] = sender
      // The name under which the replaced service appears there.
      let name = module.manifest.service.app
      telemetry[module.name] = sender.telemetry(role: name)
      let role = InsightsRoles.Role(
        sender,
        name: name,
        sampling: module.telemetrySampling,
        level: module.telemetryLevel
      )
      roles[module.name] = role
      first = first ?? Self.own(role, module, sender, configuration)
    }
    self.senders = Array(senders.values)
    self.telemetry = telemetry
    self.roles = first.map { InsightsRoles(modules: roles, own: $0) }
  }

  /// Requests for several modules together are nobody's; a module that is alone has them all.
  private static func own(
    _ role: InsightsRoles.Role,
    _ module: ModuleConfiguration,
    _ sender: ApplicationInsights,
    _ configuration: Configuration
  ) -> InsightsRoles.Role {
    if configuration.modules.count == 1 { return role }
    let name = configuration.observability.serviceName
    return InsightsRoles.Role(sender, name: name, sampling: module.telemetrySampling)
  }

  /// nil for a module that sends nothing.
  func telemetry(of module: String) -> (any Telemetry)? { telemetry[module] }
}
