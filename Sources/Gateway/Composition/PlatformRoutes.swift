internal import Events
internal import HTTPTransport
internal import ModuleKit
internal import ServiceKit

/// What stands around the endpoints of every module: health, information, subject access requests, queue admin, and the
/// description of the API.
struct PlatformRoutes {
  let platform: Platform
  let events: EventsRuntime
  /// What the all-in-one profile adds to the console; nil outside of it.
  let localRoutes: [RouteDeclaration]?
  private let health: HealthRoutes
  private let subjectAccess: SubjectAccessRoutes
  private let build: ServiceInfo.Build

  init(_ platform: Platform, _ events: EventsRuntime, localRoutes: [RouteDeclaration]?) {
    self.platform = platform
    self.events = events
    self.localRoutes = localRoutes
    let about = platform.configuration.about
    build = about.build
    health = HealthRoutes(platform.readiness, showsDetails: about.showsHealthDetails)
    subjectAccess = SubjectAccessRoutes(additionalRole: about.subjectAccessRole)
  }

  /// A module, and its health, which the union shows too.
  typealias Answering = (module: ComposedModule, health: Health)

  /// Around one module, where it answers alone.
  func around(_ answering: Answering) -> [RouteDeclaration] {
    let module = answering.module
    let around =
      [subjectAccess.route(module.instance.subjectAccess), ProtectedResource.route]
      + queueAdmin([module], errorsOf: module.instance)
      + (module.configuration.subjectAccessText.map { [subjectAccess.route(template: $0.bytes)] } ?? [])
    let document = APIDocument(
      module.document(build),
      [module.documented(module.instance.routes + around)]
    )
    return health.routes(answering.health) + [module.info(build).route] + around
      + (module.configuration.isDocumented ? APIDocumentRoutes.routes(document) : [])
  }

  /// The paths that all modules share, answered for all of them at once: what the root of an unnamed host gives
  /// (docs/architecture.md#mounting).
  /// - Parameter shaping: the module whose shape errors have here.
  func union(of answering: [Answering], errorsOf shaping: ComposedModule) -> Union {
    let modules = answering.map(\.module)
    let around =
      [
        subjectAccess.route(
          of: modules.map { (name: $0.manifest.key, source: $0.instance.subjectAccess) }
        ),
        ProtectedResource.route,
      ] + queueAdmin(modules, errorsOf: shaping.instance)
      + modules.compactMap(\.configuration.subjectAccessText).prefix(1).map {
        subjectAccess.route(template: $0.bytes)
      }
    let documented = modules.filter(\.configuration.isDocumented)
    let description = APIDocument.Description(
      title: "Prisoner gateway",
      version: build.version,
      description: Self.summary(of: modules)
    )
    // The shared paths last, but the names of schemas are first those of the module whose errors they have.
    let first = documented.filter { $0.name == shaping.name }
    let others = documented.filter { $0.name != shaping.name }
    let document = APIDocument(
      description,
      (first + others).map { $0.documented($0.instance.routes) } + [shaping.documented(around)]
    )
    return Union(
      shaping: shaping.instance,
      modules: modules.map(\.instance),
      routes: health.routes(answering.map { (name: $0.module.manifest.key, health: $0.health) })
        + [
          ServiceInfo.route(
            of: modules.map { (name: $0.manifest.key, info: $0.info(build)) },
            build: build
          )
        ]
        + around + APIDocumentRoutes.routes(document) + console(modules)
    )
  }

  /// `Non-associations and restricted patients in one server.`
  private static func summary(of modules: [ComposedModule]) -> String {
    let titles = modules.map(\.manifest.title)
    let list = titles.dropLast().joined(separator: ", ") + " and " + (titles.last ?? "")
    return list.prefix(1).uppercased() + list.dropFirst() + " in one server."
  }

  private func queueAdmin(_ modules: [ComposedModule], errorsOf shaping: any Module) -> [RouteDeclaration] {
    let groups = modules.compactMap { module in
      events.modules.first { $0.name == module.name }?.adminGroup
    }
    return QueueAdminRoutes(groups, logger: platform.logger) { text in
      shaping.response(to: PlatformFailure.notFound(text))
    }.table
  }
}

/// Answers for all modules where they share a path.
struct Union: Module {
  let name = "gateway"
  /// Whose error shape the shared paths have.
  let shaping: any Module
  let modules: [any Module]
  let routes: [RouteDeclaration]

  func response(to failure: PlatformFailure) -> ServerResponse { shaping.response(to: failure) }

  /// Each module knows its own errors.
  func response(to error: any Error) -> ServerResponse? {
    modules.lazy.compactMap { $0.response(to: error) }.first
  }
}
