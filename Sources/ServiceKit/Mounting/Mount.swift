public import HTTPTransport
internal import HTTPTypes

/// Finds the module that a request is for (docs/architecture.md#mounting): by `Host`, then by base path, then by
/// who owns the path.
public struct Mount: Sendable {
  /// One module and where it is found.
  public struct Entry: Sendable {
    package let responder: ModuleResponder
    let hosts: [HTTPHost]
    let serviceLabel: HTTPHost?
    let basePath: String

    /// - Parameters:
    ///   - hosts: under which the module alone is served at the root.
    ///   - serviceLabel: the name of the module's Kubernetes Service: it is served alone under every host with this first
    ///     label as well, `label`, `label.namespace.svc.cluster.local:80` and the like, unless another module has the
    ///     host. Nil for none.
    ///   - basePath: one path segment without slashes under which it is served on every other host:
    ///     `non-associations-api`.
    public init(
      _ responder: ModuleResponder,
      hosts: [HTTPHost],
      serviceLabel: HTTPHost? = nil,
      basePath: String
    ) {
      self.responder = responder
      self.hosts = hosts
      self.serviceLabel = serviceLabel
      self.basePath = basePath
    }
  }

  private let entries: [Entry]
  private let union: ModuleResponder
  /// The root of an unnamed host: what a route of it belongs to.
  private let root: Router<Owned>

  /// - Parameters:
  ///   - entries: of two that own one path, the earlier answers.
  ///   - union: what the root of an unnamed host answers for the modules together; it comes before any of them, and its
  ///     error shape is that of an unknown path there.
  /// - Throws: `RouterError`, as routers of single modules do.
  public init(_ entries: [Entry], union: ModuleResponder) throws(RouterError) {
    self.entries = entries
    self.union = union
    root = try Self.root([union] + entries.map(\.responder))
  }

  private struct Owned {
    let responder: ModuleResponder
    let route: RouteDeclaration
  }

  /// All routes in one tree, so that a path is looked up once. A path belongs, with all its methods, to the first of those
  /// that have it.
  private static func root(_ responders: [ModuleResponder]) throws(RouterError) -> Router<Owned> {
    var owners: [PathTemplate.Shape: ObjectIdentifier] = [:]
    var routes: [Route<Owned>] = []
    var seen: Set<ObjectIdentifier> = []
    for responder in responders {
      let own = ObjectIdentifier(responder)
      // A module that is hosted alone is its own union.
      guard seen.insert(own).inserted else { continue }
      for route in responder.routes {
        let template = PathTemplate(route.template)
        guard owners[template.shape, default: own] == own else { continue }
        owners[template.shape] = own
        routes.append(Route(route.method, template, Owned(responder: responder, route: route)))
      }
    }
    return try Router(routes)
  }

  /// What is answered where: each module below its base path, and below none what all answer together.
  public var mountPoints: [(basePath: String, routes: [RouteDeclaration])] {
    entries.map { ($0.basePath, $0.responder.routes) } + [("", union.routes)]
  }

  /// What endpoints of all modules refused without declaring it.
  public var undeclaredRefusals: [String] {
    (entries.map(\.responder) + [union]).flatMap(\.undeclaredRefusals)
  }

  /// The module that alone is served where the request was sent to, if it is one's own host. The request's own authority
  /// decides and nothing else: what forwarding fields say the caller may have written, and each service stands behind a
  /// firewall and an allow-list of its own.
  public func ownEntry(of request: ServerRequest) -> Entry? {
    entries.first { entry in entry.hosts.contains { request.head.isAddressed(to: $0) } }
      ?? entries.first { entry in
        entry.serviceLabel.map { request.head.isAddressed(toFirstLabel: $0) } ?? false
      }
  }

  /// A responder for `HTTPServer`. Inlinable, so that the module's responder is awaited by the caller itself.
  @inlinable @Sendable public func respond(to request: ServerRequest) async -> ServerResponse {
    if let response = ready(for: request) { return response }
    let place = place(of: request)
    return await place.responder.respond(to: request, segments: place.segments, match: place.match)
  }

  /// The answer to a ping, which no module has to give.
  @usableFromInline func ready(for request: ServerRequest) -> ServerResponse? {
    guard let response = HealthProbes.ping(request.head) else { return nil }
    request.record.route = "/health/ping"
    // Only whoever keeps requests by module needs to know it of a ping.
    if request.record.isRecorded { request.record.module = ownEntry(of: request)?.responder.name }
    return response
  }

  /// Who answers a request, and what is known of its way already.
  @usableFromInline struct Place {
    @usableFromInline let responder: ModuleResponder
    @usableFromInline let segments: [String]
    @usableFromInline var match: RouteMatch<RouteDeclaration>?
  }

  @usableFromInline func place(of request: ServerRequest) -> Place {
    let segments = request.head.target.segments
    if let entry = ownEntry(of: request) { return Place(responder: entry.responder, segments: segments) }
    if let base = segments.first, let entry = entries.first(where: { $0.basePath == base }) {
      return Place(responder: entry.responder, segments: Array(segments.dropFirst()))
    }
    let (responder, match) = find(request.head.method, segments)
    return Place(responder: responder, segments: segments, match: match)
  }

  /// Who answers at the root of an unnamed host, and what the path finds there.
  private func find(
    _ method: HTTPRequest.Method,
    _ segments: [String]
  ) -> (ModuleResponder, RouteMatch<RouteDeclaration>) {
    switch root.match(method, segments) {
    case .found(let owned, let parameters): return (owned.responder, .found(owned.route, parameters))
    case .methodNotAllowed(let found):
      let owner =
        ([union] + entries.map(\.responder)).first { responder in
          found.routes.contains { $0.value.responder === responder }
        } ?? union
      let own = found.routes.filter { $0.value.responder === owner }.map { ($0.method, $0.value.route) }
      return (owner, .methodNotAllowed(PathRoutes(own)))
    case .notFound: return (union, .notFound)
    }
  }
}
