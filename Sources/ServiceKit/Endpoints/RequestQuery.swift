/// What an endpoint takes in its query. Its initialiser names each parameter once: name, type and description.
public protocol RequestQuery: Sendable {
  /// It is also run to describe the parameters; every parameter then has no value.
  /// - Throws: a `PlatformFailure` that names the parameter, or an error of the module.
  init(_ query: inout QueryFields) throws
}

/// The query of an endpoint that takes none.
public struct NoQuery: RequestQuery {
  public init(_ query: inout QueryFields) {}
}

extension RequestQuery {
  /// What a request has in its query, for routes that are no endpoints of a module.
  /// - Throws: as ``init(_:)``.
  package init(of request: ModuleRequest) throws {
    var fields = QueryFields(reading: request)
    try self.init(&fields)
  }

  /// What the API's description says of the parameters.
  package static var declarations: [QueryParameterDeclaration] {
    var fields = QueryFields(reading: nil)
    _ = try? Self(&fields)
    return fields.declarations
  }
}
