public import HTTPTransport

/// Finds the module that a request is for (`design/architecture.md`, Mounting): by `Host`, then by base path, then by
/// who owns the path.
public struct Mount: Sendable {
  /// One module and where it is found.
  public struct Entry: Sendable {
    let responder: ModuleResponder
    let hosts: Set<String>
    let basePath: String

    /// - Parameters:
    ///   - hosts: names, without ports, under which the module alone is served at the root; any case.
    ///   - basePath: one path segment without slashes under which it is served on every other host:
    ///     `non-associations-api`.
    public init(_ responder: ModuleResponder, hosts: [String], basePath: String) {
      self.responder = responder
      self.hosts = Set(hosts.map { Self.hostName($0) })
      self.basePath = basePath
    }

    /// A host in lower case without its port.
    static func hostName(_ authority: String) -> String {
      let host = authority.lowercased()
      guard let colon = host.utf8.lastIndex(of: UInt8(ascii: ":")), !host[colon...].contains("]") else {
        return host
      }
      return String(host[..<colon])
    }
  }

  private let entries: [Entry]
  private let union: ModuleResponder
  private let hasHosts: Bool

  /// - Parameters:
  ///   - entries: of two that own one path, the earlier answers.
  ///   - union: what the root of an unnamed host answers for the modules together; it comes before any of them, and its
  ///     error shape is that of an unknown path there.
  public init(_ entries: [Entry], union: ModuleResponder) {
    self.entries = entries
    self.union = union
    hasHosts = entries.contains { !$0.hosts.isEmpty }
  }

  /// A responder for `HTTPServer`.
  @Sendable public func respond(to request: ServerRequest) async -> ServerResponse {
    if let response = HealthProbes.ping(request.head) {
      request.record.route = "/health/ping"
      return response
    }
    let segments = request.head.target.segments
    if hasHosts {
      let host = Entry.hostName(request.authority)
      if let entry = entries.first(where: { $0.hosts.contains(host) }) {
        return await entry.responder.respond(to: request, segments: segments)
      }
    }
    if let base = segments.first, let entry = entries.first(where: { $0.basePath == base }) {
      return await entry.responder.respond(to: request, segments: Array(segments.dropFirst()))
    }
    if union.owns(segments) { return await union.respond(to: request, segments: segments) }
    let owner = entries.first { $0.responder.owns(segments) }
    return await (owner?.responder ?? union).respond(to: request, segments: segments)
  }
}
