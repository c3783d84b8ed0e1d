public import HTTPTransport
public import HTTPTypes
public import Time

/// One endpoint of a module, with all that is said of it: the route, the decoding of a request, the API's description and
/// the refusals come from this value. There is no default for who may call it.
///
/// Its initialiser is inlinable, so that what a request runs through is compiled for the endpoint's own types.
public struct Endpoint<Module: RefusingModule>: Sendable {
  /// What the API's description says besides what follows from the types.
  public struct Description: Sendable {
    let id: String
    let summary: String
    let details: String?
    let tag: String

    /// - Parameters:
    ///   - id: the operation's, unique within a document.
    ///   - summary: one line.
    ///   - details: what a caller has to know besides.
    public init(_ id: String, _ summary: String, _ details: String? = nil, tag: String) {
      (self.id, self.summary, self.details, self.tag) = (id, summary, details, tag)
    }
  }

  @usableFromInline let makeRoute: @Sendable (Module, LondonTime) -> RouteDeclaration

  /// - Parameters:
  ///   - template: a path with parameters in braces.
  ///   - access: who may call it.
  ///   - description: nil for an endpoint that the API's description leaves out.
  ///   - input: what it takes.
  ///   - timeLimit: how long a request may take; nil for as long as the server lets any.
  ///   - answer: how it answers.
  ///   - refusals: what it may answer instead, besides what any endpoint of its kind may.
  ///   - act: what it does.
  @inlinable public init<Path: Sendable, Query: RequestQuery, Body: RequestBody, Value>(
    _ method: HTTPRequest.Method,
    _ template: String,
    _ access: EndpointAccess<Module>,
    _ description: Description?,
    takes input: EndpointInput<Path, Query, Body>,
    within timeLimit: Duration? = nil,
    answer: EndpointAnswer<Value>,
    refusals: [Refusal] = [],
    act: @escaping @Sendable (Module, EndpointCall<Path, Query, Body>) async throws -> Value
  ) {
    let path = input.path
    makeRoute = { module, london in
      RouteDeclaration(
        method,
        template,
        access.rule(of: module),
        consumes: Body.consumes,
        produces: answer.produces,
        timeLimit: timeLimit,
        operation: Self.operation(description, input, answer, refusals),
        refusals: refusals
      ) { request in
        guard let caller = request.principal else { throw PlatformFailure.accessDenied }
        let pathValue = try path.read(request)
        var fields = QueryFields(reading: request)
        let query = try Query(&fields)
        let json = Body.consumes == .nothing ? nil : try await request.json(Body.consumes)
        let call = EndpointCall(pathValue, query, try Body(json: json), caller, request.deadline)
        let value = try await act(module, call)
        return ServerResponse(status: answer.status, fields: answer.fields, body: answer.write(value, london))
      }
    }
  }
}

extension Endpoint {
  @usableFromInline static func operation<Path: Sendable, Query: RequestQuery, Body: RequestBody, Value>(
    _ description: Description?,
    _ input: EndpointInput<Path, Query, Body>,
    _ answer: EndpointAnswer<Value>,
    _ refusals: [Refusal]
  ) -> APIOperation? {
    description.map { description in
      APIOperation(
        description.id,
        description.summary,
        description: description.details,
        tag: description.tag,
        path: input.path.parameters,
        query: Query.declarations,
        body: Body.consumes == .nothing ? nil : Body.schema,
        responses: [
          .init(answer.status.code, answer.summary, answer.schema, mediaType: answer.mediaType)
        ] + Self.responses(refusals)
      )
    }
  }

  /// The endpoint as a route of a module.
  /// - Parameter london: the clock by which answers show instants.
  public func route(of module: Module, london: LondonTime) -> RouteDeclaration { makeRoute(module, london) }

  /// One answer for each status: refusals of the same status are told together, those without a summary not at all.
  private static func responses(_ refusals: [Refusal]) -> [APIOperation.Response] {
    var summaries: [(status: HTTPResponse.Status, texts: [String])] = []
    for refusal in refusals {
      guard let summary = refusal.summary else { continue }
      if let index = summaries.firstIndex(where: { $0.status == refusal.status }) {
        summaries[index].texts.append(summary)
      } else {
        summaries.append((refusal.status, [summary]))
      }
    }
    return summaries.map {
      .init($0.status.code, $0.texts.joined(separator: ". "), Module.Failure.Body.schema)
    }
  }
}
