internal import HTTPTypes
internal import JSON
internal import SharedAuth

/// Writes one route into a document.
struct APIOperationWriter {
  let route: RouteDeclaration
  let operation: APIOperation
  let errorSchema: APISchema

  init(_ documented: DocumentedRoute) {
    (route, operation) = (documented.route, documented.operation)
    errorSchema = documented.errorSchema
  }

  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field("operationId", operation.id)
    writer.field("summary", operation.summary)
    let description = [operation.description, accessText].compactMap { $0 }.joined(separator: "\n\n")
    if !description.isEmpty { writer.field("description", description) }
    writer.key("tags")
    writer.beginArray()
    writer.value(operation.tag)
    writer.endArray()
    writeParameters(to: &writer)
    writeRequestBody(to: &writer)
    writeResponses(to: &writer)
    writer.endObject()
  }

  // MARK: Access

  private var accessText: String? {
    switch route.access {
    case .open: nil
    case .authenticated: "Needs a token."
    case .requires(let role, let scope):
      "Needs the role `\(prefixed(role))`" + (scope.map { " with the scope `\($0)`." } ?? ".")
    case .requiresAny(let roles) where roles.count == 1: "Needs the role `\(prefixed(roles[0]))`."
    case .requiresAny(let roles):
      "Needs one of the roles " + roles.map { "`\(prefixed($0))`" }.joined(separator: ", ") + "."
    }
  }

  private func prefixed(_ role: String) -> String { role.hasPrefix("ROLE_") ? role : "ROLE_\(role)" }

  // MARK: What goes in

  private var pathNames: [String] {
    route.template.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }
      .map { String($0.dropFirst().dropLast()) }
  }

  private func writeParameters(to writer: inout JSONWriter) {
    guard !pathNames.isEmpty || !operation.queryParameters.isEmpty else { return }
    writer.key("parameters")
    writer.beginArray()
    for name in pathNames {
      writer.beginObject()
      writer.field("name", name)
      writer.field("in", "path")
      writer.field("required", true)
      writer.key("schema")
      (operation.pathParameters[name] ?? .text()).write(to: &writer)
      writer.endObject()
    }
    for parameter in operation.queryParameters {
      writer.beginObject()
      writer.field("name", parameter.name)
      writer.field("in", "query")
      writer.field("description", parameter.description)
      writer.field("required", false)
      writer.key("schema")
      parameter.schema.write(to: &writer)
      writer.endObject()
    }
    writer.endArray()
  }

  private func writeRequestBody(to writer: inout JSONWriter) {
    guard let schema = operation.requestBody else { return }
    writer.key("requestBody")
    writer.beginObject()
    if route.consumes == .json { writer.field("required", true) }
    writer.key("content")
    writeContent(schema, "application/json", to: &writer)
    writer.endObject()
  }

  // MARK: What comes out

  /// The statuses that follow from what the route is, less those it describes itself.
  private var impliedResponses: [APIOperation.Response] {
    var responses: [APIOperation.Response] = []
    if operation.requestBody != nil || !operation.queryParameters.isEmpty || !pathNames.isEmpty {
      responses.append(.init(400, "The request breaks a rule of this description", errorSchema))
    }
    if route.access != .open {
      responses.append(.init(401, "The token is missing or was refused: then without a body", errorSchema))
      responses.append(.init(403, "The token lacks the role or the scope", errorSchema))
    }
    if route.produces == .json { responses.append(.init(406, "The Accept field excludes JSON")) }
    if route.consumes != .nothing {
      responses.append(.init(408, "The body came too slowly", errorSchema))
      responses.append(.init(413, "The body is too large", errorSchema))
      responses.append(.init(415, "The body is not JSON", errorSchema))
    }
    responses.append(
      .init(500, "An unexpected error, which the log has under the body's correlation id", errorSchema)
    )
    responses.append(.init(503, "The service is too busy; Retry-After says when to ask again", errorSchema))
    return responses
  }

  private func writeResponses(to writer: inout JSONWriter) {
    let implied = impliedResponses
    let own = operation.responses.map(\.status)
    let responses =
      (operation.responses.map { Self.completed($0, implied) }
      + implied.filter { !own.contains($0.status) })
      .sorted { $0.status < $1.status }
    writer.key("responses")
    writer.beginObject()
    for response in responses {
      writer.key("\(response.status)")
      writer.beginObject()
      writer.field("description", response.description)
      if let schema = response.schema {
        writer.key("content")
        writeContent(schema, response.mediaType, to: &writer)
      }
      writer.endObject()
    }
    writer.endObject()
  }

  /// A refusal of an endpoint stands beside what any request of its kind may be refused for.
  private static func completed(
    _ own: APIOperation.Response,
    _ implied: [APIOperation.Response]
  ) -> APIOperation.Response {
    let general = implied.first { $0.status == own.status && $0.schema != nil }
    guard [400, 401].contains(own.status), own.schema != nil, let general else { return own }
    let description = "\(general.description). \(own.description)"
    return .init(own.status, description, own.schema, mediaType: own.mediaType)
  }

  private func writeContent(_ schema: APISchema, _ mediaType: String, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key(mediaType)
    writer.beginObject()
    writer.key("schema")
    schema.write(to: &writer)
    writer.endObject()
    writer.endObject()
  }
}
