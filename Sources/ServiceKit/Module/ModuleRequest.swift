internal import HTTPTransport
public import HTTPTypes
public import JSON
public import Logging
public import SharedAuth
internal import Text
public import Time

/// A request that has found its route and passed its checks, as a handler sees it. It stays on its connection's loop.
public struct ModuleRequest {
  let server: ServerRequest
  let parameters: PathParameters
  let route: RouteDeclaration
  let baseLogger: Logger

  /// Who asks; nil only on open routes.
  public let principal: Principal?
  /// The name of this request in answers and log lines.
  public let correlationID: CorrelationID
  /// Carries the correlation id, the route's template, the module and who asks. Made when it is asked for: most requests log nothing.
  public var logger: Logger {
    var logger = baseLogger
    logger[metadataKey: "correlationId"] = "\(correlationID)"
    logger[metadataKey: "route"] = "\(route.method.rawValue) \(route.template)"
    if let module = server.record.module { logger[metadataKey: "module"] = "\(module)" }
    if let client = principal?.clientID { logger[metadataKey: "client"] = "\(client)" }
    if let user = principal?.userName { logger[metadataKey: "user"] = "\(user)" }
    return logger
  }

  /// When the request must be answered; waits take the earlier of their own deadline and this.
  public var deadline: MonotonicInstant { server.deadline }

  /// What the deadline is measured by.
  public var clock: any MonotonicClock { server.clock }

  /// Whether a field of the request says that a proxy has passed it on: without one, it came from within the cluster.
  public var isForwarded: Bool { server.isForwarded }

  /// A field of the request's head; of several lines, their values with commas between. nil also for one that is longer
  /// than `FieldList.maximumBytes`.
  public func field(_ name: HTTPField.Name) -> String? { server.head.fields.list(name) }

  // MARK: Parameters

  /// The path under which the module is found: `/non-associations-api`, or empty at the root.
  var basePath: String {
    let segments = server.head.target.segments
    let depth = route.template.split(separator: "/").count
    return segments.dropLast(min(depth, segments.count)).map { "/\($0)" }.joined()
  }

  /// The query as it was sent, without the question mark; empty if there is none.
  var rawQuery: String { server.head.target.query.raw }

  /// A parameter of the path, decoded; empty if the route's template has none of that name.
  public func path(_ name: String) -> String { parameters[name] ?? "" }

  /// A 64-bit integer in the path.
  /// - Throws: `parameterType` with the type `long`.
  public func pathInteger(_ name: String) throws(PlatformFailure) -> Int64 {
    guard let value = ParameterText.int64(path(name)) else { throw .parameterType(name: name, type: "long") }
    return value
  }

  /// A query parameter's first value; nil when it is absent.
  public func query(_ name: String) -> String? { server.head.target.query[name] }

  /// All values of a query parameter, in order.
  public func queryValues(_ name: String) -> [String] { server.head.target.query.all(name) }

  /// A boolean in the query; empty or blank counts as absent.
  /// - Throws: `parameterType` with the type `boolean`.
  public func query(_ name: String, default value: Bool) throws(PlatformFailure) -> Bool {
    guard let text = query(name), !text.trimmingBlanks.isEmpty else { return value }
    guard let value = ParameterText.boolean(text) else { throw .parameterType(name: name, type: "boolean") }
    return value
  }

  /// One of an enumeration's names in the query, exactly; nil when it is empty or absent.
  /// - Throws: `parameterChoice`.
  public func query<Choice: RawRepresentable & CaseIterable>(
    _ name: String,
    _ type: Choice.Type
  ) throws(PlatformFailure) -> Choice? where Choice.RawValue == String {
    guard let text = query(name), !text.isEmpty else { return nil }
    guard let choice = Choice(code: text.trimmingBlanks) else {
      throw .parameterChoice(name: name, allowed: Choice.allCases.map(\.rawValue))
    }
    return choice
  }

  /// A day in the query, `yyyy-MM-dd`; nil when it is empty or absent.
  /// - Throws: `parameterType` with the type `java.time.LocalDate`, by which callers know it.
  public func queryDate(_ name: String) throws(PlatformFailure) -> CivilDate? {
    guard let text = query(name), !text.trimmingBlanks.isEmpty else { return nil }
    guard let date = CivilDate(isoText: text) else {
      throw .parameterType(name: name, type: "java.time.LocalDate")
    }
    return date
  }

  // MARK: Body

  /// The whole body as JSON, whose content type has been checked. Call it once.
  /// - Throws: `missingBody`, `unreadableBody`, `bodyTooLarge`, `bodyTooSlow`.
  public func body() async throws(PlatformFailure) -> JSONValue {
    guard let value = try await optionalBody() else { throw .missingBody }
    return value
  }

  /// As ``body()``, but nil when there is none.
  public func optionalBody() async throws(PlatformFailure) -> JSONValue? {
    let bytes = try await read()
    guard !bytes.isEmpty else { return nil }
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      throw .unreadableBody(error.description)
    }
  }

  /// The body that an endpoint takes.
  @usableFromInline func json(_ consumes: RouteDeclaration.Consumes) async throws(PlatformFailure)
    -> JSONValue?
  {
    switch consumes {
    case .nothing: nil
    case .json: try await body()
    case .optionalJSON: try await optionalBody()
    }
  }

  private func read() async throws(PlatformFailure) -> [UInt8] {
    guard server.hasBody else { return [] }
    do {
      return try await server.body()
    } catch {
      switch error {
      case .tooLarge(let limit): throw .bodyTooLarge(limit: limit)
      case .tooSlow: throw .bodyTooSlow
      case .malformed(let reason): throw .unreadableBody(reason)
      case .disconnected: throw .unreadableBody("the connection ended within the body")
      }
    }
  }
}
