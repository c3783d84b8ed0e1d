/// What the description of an API says of a parameter in the query.
public struct QueryParameterDeclaration: Sendable {
  public let name: String
  public let description: String
  public let schema: APISchema
}
