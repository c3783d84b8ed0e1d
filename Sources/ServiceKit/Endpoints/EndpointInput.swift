/// What an endpoint takes. The path is decoded before the query, and that before the body.
public struct EndpointInput<Path: Sendable, Query: RequestQuery, Body: RequestBody>: Sendable {
  @usableFromInline let path: RequestPath<Path>
}

extension EndpointInput {
  /// A path, a query and a body.
  public static func path(_ path: RequestPath<Path>, query: Query.Type, body: Body.Type) -> Self {
    Self(path: path)
  }
}

extension EndpointInput where Query == NoQuery {
  /// A path and a body.
  public static func path(_ path: RequestPath<Path>, body: Body.Type) -> Self { Self(path: path) }
}

extension EndpointInput where Body == NoBody {
  /// A path and a query.
  public static func path(_ path: RequestPath<Path>, query: Query.Type) -> Self { Self(path: path) }
}

extension EndpointInput where Query == NoQuery, Body == NoBody {
  /// Nothing but a path.
  public static func path(_ path: RequestPath<Path>) -> Self { Self(path: path) }
}
