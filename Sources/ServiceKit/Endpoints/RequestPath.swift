/// What an endpoint takes in its path.
public struct RequestPath<Value: Sendable>: Sendable {
  let parameters: [String: APISchema]
  @usableFromInline let read: @Sendable (ModuleRequest) throws(PlatformFailure) -> Value

  /// A 64-bit integer: another text is a `parameterType` of the type `long`.
  public static func integer(_ name: String, _ schema: APISchema) -> Self where Value == Int64 {
    Self(parameters: [name: schema]) { (request) throws(PlatformFailure) in try request.pathInteger(name) }
  }

  /// Any text of one segment.
  public static func text(_ name: String, _ schema: APISchema) -> Self where Value == String {
    Self(parameters: [name: schema]) { (request) throws(PlatformFailure) in request.path(name) }
  }

  /// Two texts.
  public static func texts(
    _ first: String,
    _ firstSchema: APISchema,
    _ second: String,
    _ secondSchema: APISchema
  ) -> Self where Value == (String, String) {
    Self(parameters: [first: firstSchema, second: secondSchema]) { (request) throws(PlatformFailure) in
      (request.path(first), request.path(second))
    }
  }
}

extension RequestPath<Void> {
  /// No parameters.
  public static var none: Self { Self(parameters: [:]) { _ in } }
}
