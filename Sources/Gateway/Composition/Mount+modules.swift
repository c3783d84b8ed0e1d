internal import Events
internal import HTTPTransport
internal import ModuleKit
internal import Observability
internal import ServiceKit
internal import SharedAuth

extension Mount {
  /// Where the modules answer (docs/architecture.md#mounting): several by their hosts, by their base paths, and together at the
  /// root of any other host; a single one at the root of every host, as the service did that it replaces.
  /// - Parameter localRoutes: what the all-in-one profile adds to the console; nil outside of it.
  /// - Throws: `RouterError` when two routes clash.
  init(
    _ modules: [ComposedModule],
    _ platform: Platform,
    _ events: EventsRuntime,
    localRoutes: [RouteDeclaration]?
  ) throws {
    let keys = JWKSCache(
      logger: platform.logger,
      client: platform.keysClient,
      issuer: platform.configuration.auth
    )
    let verifier = TokenVerifier(jwks: keys, clock: platform.clock)
    platform.observability.metrics.add(verifier, keys: keys)
    let routes = PlatformRoutes(platform, events, localRoutes: localRoutes)
    func responder(_ module: any Module, _ around: [RouteDeclaration] = []) throws -> ModuleResponder {
      try ModuleResponder(
        module: module,
        platformRoutes: around,
        verifier: verifier,
        telemetry: platform.observability.insights(of: module.name),
        logger: platform.logger
      )
    }
    let answering = modules.map { (module: $0, health: $0.health(platform, events)) }
    let entries = try answering.map { each in
      let console = answering.count == 1 && localRoutes != nil ? routes.console([each.module]) : []
      return Mount.Entry(
        try responder(each.module.instance, routes.around(each) + console),
        hosts: each.module.configuration.hosts,
        serviceLabel: HTTPHost(each.module.manifest.service.app),
        basePath: each.module.manifest.basePath
      )
    }
    let shaping = modules.first { $0.name == Modules.shapingErrors } ?? modules.first
    if answering.count > 1, let shaping {
      try self.init(entries, union: try responder(routes.union(of: answering, errorsOf: shaping)))
    } else if let only = entries.first {
      try self.init([only], union: only.responder)
    } else {
      throw ConfigurationError(problems: ["no module is hosted"])
    }
  }
}
