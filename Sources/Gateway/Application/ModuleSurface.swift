internal import HTTPTransport
internal import ServiceKit

/// What stands around the endpoints of one service: its health, its information, its part of subject access requests.
struct ModuleSurface {
  /// By which the union tells the services apart: `nonAssociations`.
  let name: String
  let health: Health
  let info: ServiceInfo
  let subjectAccess: any SubjectAccessSource

  /// The routes of the service where it answers alone.
  func routes(_ health: HealthRoutes, _ subjectAccess: SubjectAccessRoutes) -> [RouteDeclaration] {
    health.routes(self.health) + [
      info.route, subjectAccess.route(self.subjectAccess), ProtectedResource.route,
    ]
  }
}

/// The paths that all services share, answered for all of them at once: what the root of an unnamed host gives
/// (`design/architecture.md`, Mounting).
struct UnionModule: Module {
  let name = "gateway"
  let routes: [RouteDeclaration]
  private let first: any Module
  private let modules: [any Module]

  /// - Parameter first: whose error shape the shared paths have; an error of another's part has that one's.
  init(
    _ surfaces: [ModuleSurface],
    build: ServiceInfo.Build,
    first: any Module,
    others: [any Module],
    health: HealthRoutes,
    subjectAccess: SubjectAccessRoutes
  ) {
    modules = [first] + others
    self.first = first
    routes =
      health.routes(surfaces.map { (name: $0.name, health: $0.health) }) + [
        ServiceInfo.route(of: surfaces.map { (name: $0.name, info: $0.info) }, build: build),
        subjectAccess.route(of: surfaces.map { (name: $0.name, source: $0.subjectAccess) }),
        ProtectedResource.route,
      ]
  }

  func response(to failure: PlatformFailure) -> ServerResponse { first.response(to: failure) }

  func response(to error: any Error) -> ServerResponse? {
    modules.lazy.compactMap { $0.response(to: error) }.first
  }
}
