/// What those who answer a request learn about it on its way, for metrics, traces and the access log. Everything here is
/// fit for a log: never a prisoner's number, never the raw path.
public struct RequestRecord: Sendable {
  /// The route's template: `/non-associations/{id}`; nil if none was found, or none was looked for.
  public var route: String?
  /// The module that answered.
  public var module: String?
  /// `user_name` of the caller's token: a member of staff.
  public var user: String?
  /// Whether the request brought a token that was good.
  public var isAuthenticated = false
  /// `client_id` of the caller's token.
  public var client: String?
  /// The name that the answer and the log lines about the request carry.
  public var correlationID: String?

  /// Whether what is done for the request is recorded, and has to be told its route and module.
  public var isRecorded = false

  public init() {}
}
