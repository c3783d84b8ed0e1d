internal import Events
internal import HTTPTransport
internal import ServiceKit

/// What stands around the endpoints of every service: health, information, subject access requests, queue admin, and
/// the description of the API.
struct ModuleSurface {
  let shared: SharedParts
  let events: EventsRuntime
  private let health: HealthRoutes
  private let subjectAccess: SubjectAccessRoutes

  init(_ shared: SharedParts, _ events: EventsRuntime) {
    self.shared = shared
    self.events = events
    let about = shared.configuration.about
    health = HealthRoutes(shared.readiness, showsDetails: about.showsHealthDetails)
    subjectAccess = SubjectAccessRoutes(additionalRole: about.subjectAccessRole)
  }

  /// Around one module, where it answers alone.
  /// - Parameter health: of the module; the union shows the same.
  func routes(around hosted: HostedModule, health: Health) -> [RouteDeclaration] {
    let around =
      [subjectAccess.route(hosted.subjectAccess), ProtectedResource.route]
      + queueAdmin([hosted], errorsOf: hosted.module)
      + (hosted.subjectAccessTemplate.map { [subjectAccess.route(template: $0)] } ?? [])
    let document = APIDocument(hosted.document, routes: hosted.module.routes + around)
    return self.health.routes(health) + [hosted.info.route] + around
      + (hosted.isDocumented ? APIDocumentRoutes.routes(document) : [])
  }

  /// The paths that all services share, answered for all of them at once: what the root of an unnamed host gives
  /// (`design/architecture.md`, Mounting).
  /// - Parameter first: whose error shape the shared paths have.
  func union(_ first: any Module, _ all: [(hosted: HostedModule, health: Health)]) -> UnionModule {
    let around =
      [
        subjectAccess.route(of: all.map { (name: $0.hosted.name, source: $0.hosted.subjectAccess) }),
        ProtectedResource.route,
      ] + queueAdmin(all.map(\.hosted), errorsOf: first)
      + all.compactMap(\.hosted.subjectAccessTemplate).prefix(1).map { subjectAccess.route(template: $0) }
    let documented = all.map(\.hosted).filter(\.isDocumented)
    var description = APIDocument.Description(
      title: "Prisoner gateway",
      version: shared.configuration.about.build.version,
      description: "Non-associations and restricted patients in one server.",
      errorSchema: all.first?.hosted.document.errorSchema ?? .any
    )
    description.errorSchemasByTag = documented.reduce(into: [:]) { schemas, hosted in
      for route in hosted.module.routes {
        if let tag = route.operation?.tag { schemas[tag] = hosted.document.errorSchema }
      }
    }
    let document = APIDocument(description, routes: documented.flatMap(\.module.routes) + around)
    return UnionModule(
      first: first,
      others: all.map(\.hosted.module).filter { $0.name != first.name },
      routes: health.routes(all.map { (name: $0.hosted.name, health: $0.health) })
        + [
          ServiceInfo.route(
            of: all.map { (name: $0.hosted.name, info: $0.hosted.info) },
            build: shared.configuration.about.build
          )
        ]
        + around + APIDocumentRoutes.routes(document) + console(all.map(\.hosted))
    )
  }

  private func queueAdmin(_ all: [HostedModule], errorsOf module: any Module) -> [RouteDeclaration] {
    QueueAdminRoutes(all.map(\.part.adminGroup), logger: shared.logger) { text in
      module.response(to: PlatformFailure.notFound(text))
    }.table
  }
}

/// Answers for all modules where they share a path.
struct UnionModule: Module {
  let name = "gateway"
  /// Whose error shape the shared paths have.
  let first: any Module
  let others: [any Module]
  let routes: [RouteDeclaration]

  func response(to failure: PlatformFailure) -> ServerResponse { first.response(to: failure) }

  /// Each module knows its own errors.
  func response(to error: any Error) -> ServerResponse? {
    ([first] + others).lazy.compactMap { $0.response(to: error) }.first
  }
}
