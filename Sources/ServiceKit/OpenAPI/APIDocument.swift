internal import HTTPTypes
internal import JSON
internal import SharedAuth

/// The description of an API as OpenAPI 3.1 (`platform.md` §7), made from the routes that answer.
public struct APIDocument: Sendable {
  public struct Description: Sendable {
    public var title: String
    public var version: String
    public var description: String
    /// URL and what it is.
    public var servers: [(url: String, description: String)] = [("/", "Current url")]
    /// An error's body.
    public var errorSchema: APISchema
    /// An error's body where it is another one: by the operation's tag.
    public var errorSchemasByTag: [String: APISchema] = [:]

    public init(title: String, version: String, description: String, errorSchema: APISchema) {
      self.title = title
      self.version = version
      self.description = description
      self.errorSchema = errorSchema
    }
  }

  private let description: Description
  private let routes: [(route: RouteDeclaration, operation: APIOperation)]

  /// - Parameter routes: those without an operation are left out.
  public init(_ description: Description, routes: [RouteDeclaration]) {
    self.description = description
    self.routes = routes.compactMap { route in route.operation.map { (route, $0) } }
  }

  /// The document.
  public var json: [UInt8] {
    var writer = JSONWriter(capacity: 65_536)
    writer.beginObject()
    writer.field("openapi", "3.1.0")
    writeInfo(to: &writer)
    writeServers(to: &writer)
    writer.key("security")
    writer.beginArray()
    Self.writeSecurity(scopes: ["read", "write"], to: &writer)
    writer.endArray()
    writeTags(to: &writer)
    writePaths(to: &writer)
    writeComponents(to: &writer)
    writer.endObject()
    return writer.bytes
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

  private func writeTags(to writer: inout JSONWriter) {
    writer.key("tags")
    writer.beginArray()
    for tag in Set(routes.map(\.operation.tag)).sorted() {
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
    for (route, _) in routes where written.insert(route.template).inserted {
      writer.key(route.template)
      writer.beginObject()
      for (other, operation) in routes where other.template == route.template {
        writer.key(other.method.rawValue.lowercased())
        let errors = description.errorSchemasByTag[operation.tag] ?? description.errorSchema
        APIOperationWriter(route: other, operation: operation, errorSchema: errors).write(to: &writer)
      }
      writer.endObject()
    }
    writer.endObject()
  }

  private func writeComponents(to writer: inout JSONWriter) {
    var schemas: [String: APISchema] = [:]
    description.errorSchema.collectNamed(into: &schemas)
    for schema in description.errorSchemasByTag.values { schema.collectNamed(into: &schemas) }
    for (_, operation) in routes {
      operation.requestBody?.collectNamed(into: &schemas)
      for response in operation.responses { response.schema?.collectNamed(into: &schemas) }
    }
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

  static func writeSecurity(scopes: [String], to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("bearer-jwt")
    writer.beginArray()
    for scope in scopes { writer.value(scope) }
    writer.endArray()
    writer.endObject()
  }
}
