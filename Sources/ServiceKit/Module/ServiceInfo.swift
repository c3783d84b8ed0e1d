internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import SharedAuth

/// What `GET /info` tells of a service and of the build it runs in (docs/contract/platform.md §3.6).
public struct ServiceInfo: Sendable {
  /// What was built, from what, where. A value that is not known is left out.
  public struct Build: Sendable {
    /// The build's number; also the version of the API's description.
    public var version: String
    /// When it was built, an ISO 8601 instant.
    public var time: String?
    /// Who built it: a user or a pipeline.
    public var builder: String?
    /// The machine that it was built on.
    public var machine: String?
    /// That machine's operating system.
    public var operatingSystem: String?
    /// The git branch that it was built from.
    public var branch: String?
    /// The git commit, shortened.
    public var commit: String?
    /// When that commit was made, an ISO 8601 instant.
    public var commitTime: String?

    /// A build of which only the number is known.
    public init(version: String) { self.version = version }
  }

  let name: String
  let app: (name: String, version: Double)?
  let productID: String
  let build: Build

  /// - Parameters:
  ///   - name: of the service as it is known: `hmpps-non-associations-api`.
  ///   - app: a title and a version, a JSON number, for a service that has always told them.
  ///   - productID: of HMPPS's list of products; `PRODUCT_ID`.
  public init(name: String, app: (name: String, version: Double)? = nil, productID: String, build: Build) {
    self.name = name
    self.app = app
    self.productID = productID
    self.build = build
  }

  /// The route, open to all.
  public var route: RouteDeclaration {
    RouteDeclaration(.get, "/info", .open) { _ in
      var writer = JSONWriter()
      write(to: &writer)
      return .json(writer)
    }
  }

  /// One answer that names several services of one build.
  /// - Parameter parts: by the names under which the union shows them.
  public static func route(of parts: [(name: String, info: ServiceInfo)], build: Build) -> RouteDeclaration {
    RouteDeclaration(.get, "/info", .open) { _ in
      var writer = JSONWriter()
      writer.beginObject()
      build.writeGit(to: &writer)
      build.write(name: "gateway", to: &writer)
      writer.key("services")
      writer.beginObject()
      for (name, info) in parts {
        writer.key(name)
        info.write(to: &writer)
      }
      writer.endObject()
      writer.endObject()
      return .json(writer)
    }
  }

  private func write(to writer: inout JSONWriter) {
    writer.beginObject()
    if let app {
      writer.key("app")
      writer.beginObject()
      writer.field("name", app.name)
      writer.key("version")
      writer.value(app.version)
      writer.endObject()
    }
    build.writeGit(to: &writer)
    build.write(name: name, to: &writer)
    writer.field("productId", productID)
    writer.endObject()
  }
}

extension ServiceInfo.Build {
  fileprivate func write(name: String, to writer: inout JSONWriter) {
    writer.key("build")
    writer.beginObject()
    writer.field("artifact", name)
    if let builder { writer.field("by", builder) }
    writer.field("group", "uk.gov.justice.digital.hmpps")
    if let machine { writer.field("machine", machine) }
    writer.field("name", name)
    if let operatingSystem { writer.field("operatingSystem", operatingSystem) }
    if let time { writer.field("time", time) }
    writer.field("version", version)
    writer.endObject()
  }

  fileprivate func writeGit(to writer: inout JSONWriter) {
    guard let commit else { return }
    writer.key("git")
    writer.beginObject()
    if let branch { writer.field("branch", branch) }
    writer.key("commit")
    writer.beginObject()
    writer.field("id", commit)
    if let commitTime { writer.field("time", commitTime) }
    writer.endObject()
    writer.endObject()
  }
}
