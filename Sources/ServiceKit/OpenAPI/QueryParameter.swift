public import Time

/// What the description of an API says of a parameter in the query.
public struct QueryParameterDeclaration: Sendable {
  public let name: String
  public let description: String
  public let schema: APISchema
  /// Whether it may be repeated.
  public let isRepeated: Bool
}

/// A parameter in the query, declared once: the description of the API and the reading of a request both come from it.
public struct QueryParameter<Value: Sendable>: Sendable {
  public let declaration: QueryParameterDeclaration
  let read: @Sendable (ModuleRequest) throws(PlatformFailure) -> Value

  /// - Parameters:
  ///   - schema: what its text must be.
  ///   - read: takes it from a request.
  public init(
    _ name: String,
    _ description: String,
    _ schema: APISchema,
    isRepeated: Bool = false,
    read: @escaping @Sendable (ModuleRequest) throws(PlatformFailure) -> Value
  ) {
    declaration = QueryParameterDeclaration(
      name: name,
      description: description,
      schema: schema,
      isRepeated: isRepeated
    )
    self.read = read
  }
}

extension QueryParameter<Bool> {
  /// A boolean; empty or blank counts as absent.
  public static func boolean(_ name: String, _ description: String, default value: Bool) -> Self {
    Self(name, description, .boolean().withDefault(value ? "true" : "false")) {
      request throws(PlatformFailure) in
      try request.query(name, default: value)
    }
  }
}

extension QueryParameter {
  /// One of an enumeration's names; empty counts as absent.
  public static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
    _ name: String,
    _ description: String,
    of type: Choice.Type
  ) -> Self where Choice.RawValue == String, Value == Choice? {
    Self(name, description, .choice(type.allCases.map(\.rawValue))) { request throws(PlatformFailure) in
      try request.query(name, type)
    }
  }

  /// Any text.
  public static func text(_ name: String, _ description: String, example: String? = nil) -> Self
  where Value == String? {
    Self(name, description, .text(example: example)) { request throws(PlatformFailure) in request.query(name)
    }
  }

  /// A day.
  public static func date(_ name: String, _ description: String) -> Self where Value == CivilDate? {
    Self(name, description, .text(example: "2023-12-05", format: "date")) { request throws(PlatformFailure) in
      try request.queryDate(name)
    }
  }
}

extension ModuleRequest {
  /// A declared parameter's value.
  /// - Throws: a `PlatformFailure` that names the parameter if its text is not what the declaration says.
  public func query<Value>(_ parameter: QueryParameter<Value>) throws(PlatformFailure) -> Value {
    assert(
      route.operation?.queryParameters.contains { $0.name == parameter.declaration.name } ?? true,
      "\(route.template) does not declare \(parameter.declaration.name)"
    )
    return try parameter.read(self)
  }
}

extension APISchema {
  /// The same schema with a default, which is JSON.
  func withDefault(_ json: String) -> APISchema {
    guard case .value(var value) = self else { return self }
    value.fallback = json
    return .value(value)
  }
}
