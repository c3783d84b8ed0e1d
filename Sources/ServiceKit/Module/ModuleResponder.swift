public import HTTPTransport
public import HTTPTypes
public import Logging
public import SharedAuth

/// Takes requests through one module: token, route, access rule, `Accept`, `Content-Type`, handler, and errors into
/// answers, in that order. The rule comes before anything of the body is read (`non-associations.md` §14.11).
public final class ModuleResponder: Sendable {
  /// Says who asks: nil for an anonymous caller. `TokenVerifier.authenticate(authorization:)`, outside tests.
  public typealias Authenticator = @Sendable (_ authorization: String?) async throws(TokenError) -> Principal?

  private let module: any Module
  /// All that it answers, the module's own first.
  let routes: [RouteDeclaration]
  private let router: Router<RouteDeclaration>
  private let authenticate: Authenticator
  private let logger: Logger

  /// - Parameter surface: routes around the module's own, which every service has: health, information, documents.
  /// - Throws: `RouterError` when two routes clash or a template is malformed.
  public init(
    module: any Module,
    surface: [RouteDeclaration] = [],
    authenticate: @escaping Authenticator,
    logger: Logger
  ) throws(RouterError) {
    self.module = module
    self.authenticate = authenticate
    self.logger = logger
    routes = module.routes + surface
    router = try Router(routes.map { Route($0.method, PathTemplate($0.template), $0) })
  }

  /// - Throws: `RouterError`, as the other initialiser.
  public convenience init(
    module: any Module,
    surface: [RouteDeclaration] = [],
    verifier: TokenVerifier,
    logger: Logger
  ) throws(RouterError) {
    try self.init(
      module: module,
      surface: surface,
      authenticate: { authorization throws(TokenError) in
        try await verifier.authenticate(authorization: authorization)
      },
      logger: logger
    )
  }

  /// Whether the module has this path, whatever the method.
  public func owns(_ segments: [String]) -> Bool { router.hasPath(segments) }

  /// - Parameter segments: the decoded path below the module's root.
  public func respond(to request: ServerRequest, segments: [String]) async -> ServerResponse {
    let correlationID = CorrelationID()
    request.record.module = module.name
    request.record.correlationID = correlationID.description
    var response = await answer(request, segments, correlationID)
    if let name = HTTPField.Name.correlationID { response.fields[name] = correlationID.description }
    return response
  }

  private func answer(
    _ request: ServerRequest,
    _ segments: [String],
    _ correlationID: CorrelationID
  ) async -> ServerResponse {
    let principal: Principal?
    do {
      principal = try await authenticate(request.head.fields[.authorization])
    } catch {
      return refusal(of: error, request)
    }
    request.record.isAuthenticated = principal != nil
    request.record.user = principal?.userName
    request.record.client = principal?.clientID
    switch router.match(request.head.method, segments) {
    case .found(let route, let parameters):
      request.record.route = route.template
      let request = ModuleRequest(
        server: request,
        parameters: parameters,
        route: route,
        baseLogger: logger,
        principal: principal,
        correlationID: correlationID
      )
      return await run(request)
    case .methodNotAllowed(let allow):
      guard principal != nil || isOpen(allow, segments) else { return refusal(of: .missing, request) }
      return otherMethod(request.head.method, allow)
    case .notFound:
      guard principal != nil || PublicPaths.contains(segments) else { return refusal(of: .missing, request) }
      return module.response(to: .noRoute(path: segments.joined(separator: "/")))
    }
  }

  private func run(_ request: ModuleRequest) async -> ServerResponse {
    if let refusal = refusalBeforeHandler(request) { return refusal }
    do {
      return try await request.route.handler(request)
    } catch {
      return response(to: error, request)
    }
  }

  // MARK: Checks before the handler

  private func refusalBeforeHandler(_ request: ModuleRequest) -> ServerResponse? {
    let route = request.route
    if let principal = request.principal {
      guard route.access.allows(principal) else { return module.response(to: .accessDenied) }
    } else if !route.access.allowsAnonymous {
      return refusal(of: .missing, request.server)
    }
    let fields = request.server.head.fields
    if route.produces == .json, !MediaType.acceptsJSON(fields.list(.accept)) {
      return ServerResponse(status: .notAcceptable, fields: [:], body: [])
    }
    guard route.consumes != .nothing else { return nil }
    if let type = fields.value(.contentType, atMost: FieldList.maximumBytes) {
      return MediaType.isJSON(type) ? nil : module.response(to: .unsupportedMediaType(type))
    }
    if request.server.hasBody {
      return module.response(to: .unsupportedMediaType("application/octet-stream"))
    }
    return route.consumes == .json ? module.response(to: .missingBody) : nil
  }

  /// A known path's answer to `OPTIONS`, or to a method it does not have.
  private func otherMethod(_ method: HTTPRequest.Method, _ allow: [HTTPRequest.Method]) -> ServerResponse {
    let names = allow.map(\.rawValue)
    var response =
      method == .options
      ? ServerResponse(status: .ok, fields: [:], body: [])
      : module.response(to: .methodNotAllowed(method: method.rawValue, allow: names))
    response.fields[.allow] = names.joined(separator: ", ")
    return response
  }

  private func isOpen(_ methods: [HTTPRequest.Method], _ segments: [String]) -> Bool {
    methods.contains { method in
      guard case .found(let route, _) = router.match(method, segments) else { return false }
      return route.access.allowsAnonymous
    }
  }

  private func refusal(of error: TokenError, _ request: ServerRequest) -> ServerResponse {
    let challenge = BearerChallenge(
      scheme: request.isSecure ? "https" : "http",
      host: request.statedAuthority
    )
    if case .keysUnavailable(let seconds) = error { return unavailable(retryAfter: seconds) }
    guard let value = challenge.value(for: error) else { return unavailable() }
    return ServerResponse(status: .unauthorized, fields: [.wwwAuthenticate: value], body: [])
  }

  // MARK: Errors

  private func response(to error: any Error, _ request: ModuleRequest) -> ServerResponse {
    if let failure = error as? PlatformFailure { return module.response(to: failure) }
    // An open route that found it needs to know who asks.
    if error as? TokenError == .missing { return refusal(of: .missing, request.server) }
    let report = ErrorReport(error)
    if let response = module.response(to: error) {
      if response.status.code >= 500 { log(report, request) }
      return response
    }
    if report.isUnstorable { return module.response(to: .unstorableText) }
    log(report, request)
    if report.isTemporary { return unavailable() }
    return module.response(to: .internalError(correlationID: request.correlationID.description))
  }

  /// The pool empties, a lock is let go and keys come back within a second or not for long; clients of GETs try again
  /// at once anyway.
  private func unavailable(retryAfter seconds: Int = 1) -> ServerResponse {
    var response = module.response(to: .unavailable(retryAfter: seconds))
    response.fields[.retryAfter] = String(seconds)
    return response
  }

  private func log(_ report: ErrorReport, _ request: ModuleRequest) {
    // A caller who has gone away is no fault of the service.
    request.logger.log(level: Task.isCancelled ? .debug : .error, "request failed", metadata: report.metadata)
    if let detail = report.detail {
      request.logger.debug("cause of failure", metadata: ["detail": "\(detail)"])
    }
  }
}

extension HTTPField.Name {
  /// `X-Correlation-Id`, of every answer: see `CorrelationID`.
  public static let correlationID = HTTPField.Name("X-Correlation-Id")
}
