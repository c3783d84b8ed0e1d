internal import HTTPTypes
internal import JSON
internal import SharedAuth

/// The description of an API as OpenAPI 3.1 (docs/contract/platform.md §7), made from the routes that answer.
public struct APIDocument: Sendable {
  /// What it says of the API as a whole.
  public struct Description: Sendable {
    public var title: String
    public var version: String
    public var description: String
    /// URL and what it is.
    public var servers: [(url: String, description: String)] = [("/", "Current url")]
    /// Tags that no operation has, and that clients may know.
    public var unusedTags: [String] = []

    public init(title: String, version: String, description: String) {
      self.title = title
      self.version = version
      self.description = description
    }
  }

  /// The routes of one service.
  public struct Part: Sendable {
    let prefix: String
    let errorSchema: APISchema
    let routes: [RouteDeclaration]

    /// - Parameters:
    ///   - prefix: stands before the name of a schema that an earlier part of the document has under the same name with
    ///     another content.
    ///   - errorSchema: an error's body.
    ///   - routes: those without an operation are left out.
    public init(prefix: String, errorSchema: APISchema, routes: [RouteDeclaration]) {
      self.prefix = prefix
      self.errorSchema = errorSchema
      self.routes = routes
    }
  }

  private let description: Description
  private let routes: [DocumentedRoute]
  private let schemas: [String: APISchema]

  /// - Parameter parts: in the order of their paths; each names its own schemas.
  public init(_ description: Description, _ parts: [Part]) {
    self.description = description
    var routes: [DocumentedRoute] = []
    var schemas: [String: APISchema] = [:]
    for part in parts { routes += part.documented(beside: &schemas) }
    self.routes = routes
    self.schemas = schemas
  }

  /// The document.
  public var json: [UInt8] {
    var writer = JSONWriter(capacity: 65_536)
    writer.beginObject()
    writer.field("openapi", "3.1.0")
    writeInfo(to: &writer)
    writeServers(to: &writer)
    writeSecurity(to: &writer)
    writeTags(to: &writer)
    writePaths(to: &writer)
    writeComponents(to: &writer)
    writer.endObject()
    return writer.finish()
  }

  private func writeInfo(to writer: inout JSONWriter) {
    writer.key("info")
    writer.beginObject()
    writer.field("title", description.title)
    writer.field("version", description.version)
    writer.field("description", description.description)
    writer.key("contact")
    writer.beginObject()
    writer.field("name", "HMPPS Digital Studio")
    writer.field("email", "feedback@digital.justice.gov.uk")
    writer.endObject()
    writer.endObject()
  }

  private func writeServers(to writer: inout JSONWriter) {
    writer.key("servers")
    writer.beginArray()
    for server in description.servers {
      writer.beginObject()
      writer.field("url", server.url)
      writer.field("description", server.description)
      writer.endObject()
    }
    writer.endArray()
  }

  /// Of the whole, as clients know it. What an operation needs stands in its own words.
  private func writeSecurity(to writer: inout JSONWriter) {
    writer.key("security")
    writer.beginArray()
    writer.beginObject()
    writer.key("bearer-jwt")
    writer.beginArray()
    writer.value("read")
    writer.value("write")
    writer.endArray()
    writer.endObject()
    writer.endArray()
  }

  private func writeTags(to writer: inout JSONWriter) {
    writer.key("tags")
    writer.beginArray()
    for tag in Set(routes.map(\.operation.tag) + description.unusedTags).sorted() {
      writer.beginObject()
      writer.field("name", tag)
      writer.endObject()
    }
    writer.endArray()
  }

  private func writePaths(to writer: inout JSONWriter) {
    writer.key("paths")
    writer.beginObject()
    var written: Set<String> = []
    for documented in routes where written.insert(documented.route.template).inserted {
      writer.key(documented.route.template)
      writer.beginObject()
      for other in routes where other.route.template == documented.route.template {
        writer.key(other.route.method.rawValue.lowercased())
        APIOperationWriter(other).write(to: &writer)
      }
      writer.endObject()
    }
    writer.endObject()
  }

  private func writeComponents(to writer: inout JSONWriter) {
    writer.key("components")
    writer.beginObject()
    writer.key("schemas")
    writer.beginObject()
    for (name, schema) in schemas.sorted(by: { $0.key < $1.key }) {
      writer.key(name)
      schema.write(to: &writer)
    }
    writer.endObject()
    writer.key("securitySchemes")
    writer.beginObject()
    writer.key("bearer-jwt")
    writer.beginObject()
    writer.field("type", "http")
    writer.field("scheme", "bearer")
    writer.field("bearerFormat", "JWT")
    writer.field("description", "An HMPPS Auth access token.")
    writer.endObject()
    writer.endObject()
    writer.endObject()
  }
}

/// A route with what a document says of it.
struct DocumentedRoute: Sendable {
  let route: RouteDeclaration
  let operation: APIOperation
  /// An error's body.
  let errorSchema: APISchema
}

extension APIDocument.Part {
  /// The routes that have an operation, with the names that their schemas have in the document.
  /// - Parameter schemas: those of the parts before, by name; gets those of this one.
  fileprivate func documented(beside schemas: inout [String: APISchema]) -> [DocumentedRoute] {
    var names: [String: String] = [:]
    while true {
      let routes = routes.compactMap { route in
        route.operation.map {
          DocumentedRoute(
            route: route,
            operation: $0.renaming(names),
            errorSchema: errorSchema.renaming(names)
          )
        }
      }
      var own: [String: APISchema] = [:]
      errorSchema.renaming(names).collectNamed(into: &own)
      for documented in routes { documented.operation.collectNamed(into: &own) }
      // What refers to a schema that gets another name is another schema too: until no name is taken.
      let taken = own.filter { name, schema in schemas[name].map { $0 != schema } ?? false }
      guard !taken.isEmpty else {
        schemas.merge(own) { former, _ in former }
        return routes
      }
      for name in taken.keys { names[names.first { $0.value == name }?.key ?? name] = prefix + name }
    }
  }
}
