/// What the description of an API says of one route: its purpose, and what goes in and comes out. The route itself
/// gives the rest: method, path, roles, media types, and the statuses that follow from them.
public struct APIOperation: Sendable {
  /// An answer of its own; those that every route of its kind has are added.
  public struct Response: Sendable {
    public let status: Int
    public let description: String
    public let schema: APISchema?
    public let mediaType: String

    /// - Parameter schema: nil for an answer without a body.
    public init(
      _ status: Int,
      _ description: String,
      _ schema: APISchema? = nil,
      mediaType: String = "application/json"
    ) {
      self.status = status
      self.description = description
      self.schema = schema
      self.mediaType = mediaType
    }
  }

  /// Unique within a document; without underscores.
  public let id: String
  /// One line.
  public let summary: String
  /// What a caller has to know besides.
  public let description: String?
  public let tag: String
  /// Of the path, by the names in the template.
  public let pathParameters: [String: APISchema]
  public let queryParameters: [QueryParameterDeclaration]
  public let requestBody: APISchema?
  public let responses: [Response]

  public init(
    _ id: String,
    _ summary: String,
    description: String? = nil,
    tag: String,
    path pathParameters: [String: APISchema] = [:],
    query queryParameters: [QueryParameterDeclaration] = [],
    body requestBody: APISchema? = nil,
    responses: [Response]
  ) {
    self.id = id
    self.summary = summary
    self.description = description
    self.tag = tag
    self.pathParameters = pathParameters
    self.queryParameters = queryParameters
    self.requestBody = requestBody
    self.responses = responses
  }
}

extension APIOperation {
  /// The same operation, with other names for its schemas.
  /// - Parameter names: new names by old.
  func renaming(_ names: [String: String]) -> APIOperation {
    guard !names.isEmpty else { return self }
    return APIOperation(
      id,
      summary,
      description: description,
      tag: tag,
      path: pathParameters,
      query: queryParameters,
      body: requestBody?.renaming(names),
      responses: responses.map {
        Response($0.status, $0.description, $0.schema?.renaming(names), mediaType: $0.mediaType)
      }
    )
  }

  /// The named schemas of bodies, by name.
  func collectNamed(into found: inout [String: APISchema]) {
    requestBody?.collectNamed(into: &found)
    for response in responses { response.schema?.collectNamed(into: &found) }
  }
}
