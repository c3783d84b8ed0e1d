public import HTTPTransport
public import HTTPTypes
internal import JSON
public import Logging
public import SharedAuth
internal import Synchronization

/// Takes requests through one module: token, route, access rule, `Accept`, `Content-Type`, handler, and errors into
/// answers, in that order. The rule comes before anything of the body is read (docs/contract/non-associations.md §14
/// row 11).
public final class ModuleResponder: Sendable {
  /// Says who asks: nil for an anonymous caller. `TokenVerifier.authenticate(authorization:)`, outside tests.
  public typealias Authenticator = @Sendable (_ authorization: String?) async throws(TokenError) -> Principal?

  /// Says at once who asks, of a caller who is known already; nil where the authenticator has to tell.
  /// `TokenVerifier.recall(authorization:)`.
  public typealias Recaller = @Sendable (_ authorization: ArraySlice<UInt8>) -> Principal?

  private let module: any Module
  /// The module's.
  var name: String { module.name }
  /// All that it answers, the module's own first.
  let routes: [RouteDeclaration]
  private let router: Router<RouteDeclaration>
  private let authenticate: Authenticator
  private let recall: Recaller
  private let telemetry: (any Telemetry)?
  private let logger: Logger
  private let undeclared = Mutex<Set<String>>([])

  /// - Parameters:
  ///   - platformRoutes: routes around the module's own, which every service has: health, information, documents.
  ///   - telemetry: gets a line for each request that is refused, as the services replaced had it in their logs; it may name
  ///     prisoners, so that the log has none. Nil for nobody.
  /// - Throws: `RouterError` when two routes clash or a template is malformed.
  public init(
    module: any Module,
    platformRoutes: [RouteDeclaration] = [],
    authenticate: @escaping Authenticator,
    recall: @escaping Recaller = { _ in nil },
    telemetry: (any Telemetry)? = nil,
    logger: Logger
  ) throws(RouterError) {
    self.module = module
    self.authenticate = authenticate
    self.recall = recall
    self.telemetry = telemetry
    self.logger = logger
    routes = module.routes + platformRoutes
    router = try Router(routes.map { Route($0.method, PathTemplate($0.template), $0) })
  }

  /// - Throws: `RouterError`, as the other initialiser.
  public convenience init(
    module: any Module,
    platformRoutes: [RouteDeclaration] = [],
    verifier: TokenVerifier,
    telemetry: (any Telemetry)? = nil,
    logger: Logger
  ) throws(RouterError) {
    try self.init(
      module: module,
      platformRoutes: platformRoutes,
      authenticate: { authorization throws(TokenError) in
        try await verifier.authenticate(authorization: authorization)
      },
      recall: { verifier.recall(authorization: $0) },
      telemetry: telemetry,
      logger: logger
    )
  }

  /// Refusals that endpoints gave without declaring them, so that the API's description does not tell of them: each with
  /// its route. A test that sees one fails.
  public var undeclaredRefusals: [String] { undeclared.withLock { $0.sorted() } }

  /// - Parameters:
  ///   - segments: the decoded path below the module's root.
  ///   - match: what the request finds among ``routes``, where that is known already.
  public func respond(
    to request: ServerRequest,
    segments: [String],
    match: RouteMatch<RouteDeclaration>? = nil
  ) async -> ServerResponse {
    let correlationID = CorrelationID()
    request.record.module = module.name
    if request.record.isRecorded { Operation.current?.belongs(to: module.name) }
    request.record.correlationID = correlationID.description
    var response = await answer(request, segments, match, correlationID)
    if let name = HTTPField.Name.correlationID { response.fields[name] = correlationID.description }
    return response
  }

  // Part of `respond`, as `run` is: each function that waits costs a request some hundred instructions.
  @inline(__always)
  private func answer(
    _ request: ServerRequest,
    _ segments: [String],
    _ match: RouteMatch<RouteDeclaration>?,
    _ correlationID: CorrelationID
  ) async -> ServerResponse {
    var principal = request.head.fields.onlyValue(.authorization).flatMap(recall)
    if principal == nil {
      do {
        principal = try await authenticate(request.head.fields[.authorization])
      } catch {
        return refusal(of: error, request)
      }
    }
    request.record.isAuthenticated = principal != nil
    request.record.user = principal?.userName
    request.record.client = principal?.clientID
    switch match ?? router.match(request.head.method, segments) {
    case .found(let route, let parameters):
      request.record.route = route.template
      if request.record.isRecorded {
        Operation.current?.found(route.template, method: request.head.method.rawValue)
      }
      let request = ModuleRequest(
        server: request,
        parameters: parameters,
        route: route,
        baseLogger: logger,
        principal: principal,
        correlationID: correlationID
      )
      return await run(request)
    case .methodNotAllowed(let others):
      let isOpen = others.routes.contains { $0.value.access.allowsAnonymous }
      guard principal != nil || isOpen else { return refusal(of: .missing, request) }
      return otherMethod(request.head.method, others.allow)
    case .notFound:
      guard principal != nil || PublicPaths.contains(segments) else { return refusal(of: .missing, request) }
      return module.response(to: .noRoute(path: segments.joined(separator: "/")))
    }
  }

  @inline(__always)
  private func run(_ request: ModuleRequest) async -> ServerResponse {
    if let refusal = refusalBeforeHandler(request) { return refusal }
    if let limit = request.route.timeLimit { request.server.allow(limit) }
    do {
      return try await request.route.handler(request)
    } catch {
      let response = response(to: error, request)
      if let telemetry, (400..<500).contains(response.status.code) { telemetry.trace(.refused(response)) }
      return response
    }
  }

  // MARK: Checks before the handler

  private func refusalBeforeHandler(_ request: ModuleRequest) -> ServerResponse? {
    let route = request.route
    if let principal = request.principal {
      guard route.check.allows(principal) else { return module.response(to: .accessDenied) }
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
    if let error = error as? JSONObjectError { return module.response(to: PlatformFailure(error)) }
    // An open route that found it needs to know who asks.
    if error as? TokenError == .missing { return refusal(of: .missing, request.server) }
    noteUndeclared(error, request.route)
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

  private func noteUndeclared(_ error: any Error, _ route: RouteDeclaration) {
    guard let refusal = (error as? any RefusingError)?.refusal, let declared = route.refusals,
      !declared.contains(refusal)
    else { return }
    let text = "\(route.method.rawValue) \(route.template): \(refusal.name)"
    _ = undeclared.withLock { $0.insert(text) }
  }

  /// A pool, a lock or the keys are free again within a second or not for long; clients of GETs retry
  /// at once anyway.
  private func unavailable(retryAfter seconds: Int = 1) -> ServerResponse {
    var response = module.response(to: .unavailable(retryAfter: seconds))
    response.fields[.retryAfter] = String(seconds)
    return response
  }

  private func log(_ report: ErrorReport, _ request: ModuleRequest) {
    // A caller who has gone away is no fault of the service.
    request.logger.log(
      level: Task.isCancelled ? .debug : .error,
      "Unexpected exception",
      error: report.error,
      metadata: report.metadata
    )
    if let detail = report.detail {
      request.logger.debug("cause of failure", metadata: ["detail": "\(detail)"])
    }
  }
}

extension HTTPField.Name {
  /// `X-Correlation-Id`, of every answer: see `CorrelationID`.
  public static let correlationID = HTTPField.Name("X-Correlation-Id")
}
