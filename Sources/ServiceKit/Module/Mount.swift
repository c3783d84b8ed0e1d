public import HTTPTransport

/// Finds the module that a request is for (`design/architecture.md`, Mounting): by `Host`, then by base path, then by
/// who owns the path.
public struct Mount: Sendable {
  /// One module and where it is found.
  public struct Entry: Sendable {
    let responder: ModuleResponder
    let hosts: [HTTPHost]
    let basePath: String

    /// - Parameters:
    ///   - hosts: under which the module alone is served at the root.
    ///   - basePath: one path segment without slashes under which it is served on every other host:
    ///     `non-associations-api`.
    public init(_ responder: ModuleResponder, hosts: [HTTPHost], basePath: String) {
      self.responder = responder
      self.hosts = hosts
      self.basePath = basePath
    }
  }

  private let entries: [Entry]
  private let union: ModuleResponder

  /// - Parameters:
  ///   - entries: of two that own one path, the earlier answers.
  ///   - union: what the root of an unnamed host answers for the modules together; it comes before any of them, and its
  ///     error shape is that of an unknown path there.
  public init(_ entries: [Entry], union: ModuleResponder) {
    self.entries = entries
    self.union = union
  }

  /// What is answered where: each module below its base path, and below none what all answer together.
  public var surfaces: [(basePath: String, routes: [RouteDeclaration])] {
    entries.map { ($0.basePath, $0.responder.routes) } + [("", union.routes)]
  }

  /// The module that alone is served where the request was sent to, if it is one's own host. The request's own authority
  /// decides and nothing else: what forwarding fields say the caller may have written, and each service stands behind a
  /// firewall and an allow-list of its own.
  public func ownEntry(of request: ServerRequest) -> Entry? {
    entries.first { entry in entry.hosts.contains { request.head.isAddressed(to: $0) } }
  }

  /// A responder for `HTTPServer`.
  @Sendable public func respond(to request: ServerRequest) async -> ServerResponse {
    if let response = HealthProbes.ping(request.head) {
      request.record.route = "/health/ping"
      return response
    }
    let segments = request.head.target.segments
    if let entry = ownEntry(of: request) {
      return await entry.responder.respond(to: request, segments: segments)
    }
    if let base = segments.first, let entry = entries.first(where: { $0.basePath == base }) {
      return await entry.responder.respond(to: request, segments: Array(segments.dropFirst()))
    }
    if union.owns(segments) { return await union.respond(to: request, segments: segments) }
    let owner = entries.first { $0.responder.owns(segments) }
    return await (owner?.responder ?? union).respond(to: request, segments: segments)
  }
}
