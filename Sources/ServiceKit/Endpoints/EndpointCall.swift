public import SharedAuth
public import Time

/// A request as an endpoint sees it: allowed and decoded.
public struct EndpointCall<Path: Sendable, Query: RequestQuery, Body: RequestBody> {
  /// What the path says.
  public let path: Path
  /// What the query says.
  public let query: Query
  /// What the body says.
  public let body: Body
  /// Who asks.
  public let caller: Principal
  /// When the request must be answered.
  public let deadline: MonotonicInstant

  @inlinable init(
    _ path: Path,
    _ query: Query,
    _ body: Body,
    _ caller: Principal,
    _ deadline: MonotonicInstant
  ) {
    self.path = path
    self.query = query
    self.body = body
    self.caller = caller
    self.deadline = deadline
  }
}
