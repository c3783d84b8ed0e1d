public import HTTPTransport
public import HTTPTypes
public import SharedAuth

/// One line of a module's route table. There is no default for the access rule: a route that declares neither a rule
/// nor that it is open does not compile.
///
/// A class, because each request holds its route, and one reference costs less to hand on than all these parts.
public final class RouteDeclaration: Sendable {
  /// What a request must bring in its body.
  public enum Consumes: Sendable {
    /// Nothing; a body is left unread and its type unchecked.
    case nothing
    /// JSON: any other `Content-Type` is 415.
    case json
    /// JSON, or no body at all: any `Content-Type` of something else is 415.
    case optionalJSON
  }

  /// What the answer is, for the `Accept` header.
  public enum Produces: Sendable {
    /// JSON: an `Accept` that excludes it is 406, before the handler runs.
    case json
    /// Whatever it is, it is sent.
    case anything
  }

  /// Answers a request on the loop of its connection. What it throws becomes an answer in
  /// ``Module/response(to:)-(Error)``, or a 500.
  public typealias Handler = @Sendable (ModuleRequest) async throws -> ServerResponse

  public let method: HTTPRequest.Method
  /// A path with parameters in braces: `/non-associations/{id}/close`. It names the route in logs and metrics.
  public let template: String
  public let access: AccessRule
  public let consumes: Consumes
  public let produces: Produces
  /// How long a request may take; nil for as long as the server lets any.
  let timeLimit: Duration?
  /// What the API's description says of the route; nil leaves it out.
  public let operation: APIOperation?
  /// What its endpoint may answer instead of what was asked for; nil where nothing is declared.
  let refusals: [Refusal]?
  let handler: Handler
  /// `access`, ready to be asked.
  let check: AccessCheck

  public init(
    _ method: HTTPRequest.Method,
    _ template: String,
    _ access: AccessRule,
    consumes: Consumes = .nothing,
    produces: Produces = .json,
    timeLimit: Duration? = nil,
    operation: APIOperation? = nil,
    refusals: [Refusal]? = nil,
    handler: @escaping Handler
  ) {
    self.method = method
    self.template = template
    self.access = access
    self.consumes = consumes
    self.produces = produces
    self.timeLimit = timeLimit
    self.operation = operation
    self.refusals = refusals
    self.handler = handler
    check = AccessCheck(access)
  }
}
