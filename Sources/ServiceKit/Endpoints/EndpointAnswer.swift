public import HTTPTransport
public import HTTPTypes
public import JSON
public import Time

/// How an endpoint answers a request that it does not refuse.
public struct EndpointAnswer<Value>: Sendable {
  /// The status, which is a success.
  public let status: HTTPResponse.Status
  /// What the API's description says of it.
  public let summary: String
  /// Of the body; nil for an answer without one.
  public let schema: APISchema?
  /// What the API's description calls the media type.
  public private(set) var mediaType = "application/json"
  @usableFromInline let produces: RouteDeclaration.Produces
  /// Made once: each answer begins with them.
  @usableFromInline let fields: HeaderFields
  @usableFromInline let write: @Sendable (Value, LondonTime) -> [UInt8]

  init(
    _ status: HTTPResponse.Status,
    _ summary: String,
    _ schema: APISchema?,
    produces: RouteDeclaration.Produces,
    write: @escaping @Sendable (Value, LondonTime) -> [UInt8]
  ) {
    self.status = status
    self.summary = summary
    self.schema = schema
    self.produces = produces
    fields = schema == nil ? [:] : [.contentType: "application/json"]
    self.write = write
  }

  /// An answer in JSON.
  public init(
    _ status: HTTPResponse.Status,
    _ summary: String,
    _ schema: APISchema,
    write: @escaping @Sendable (Value, LondonTime) -> [UInt8]
  ) {
    self.init(status, summary, schema, produces: .json, write: write)
  }
}

extension EndpointAnswer {
  /// The same answer, of which the API's description names no media type, as it always has. It is JSON.
  public var describedAsAnyType: Self {
    var answer = self
    answer.mediaType = "*/*"
    return answer
  }

  /// One object.
  /// - Parameter size: about how many bytes it is, for a body that need not grow. Default 1,024.
  @inlinable public static func object<Shape: ObjectShape>(
    _ shape: Shape.Type,
    _ summary: String,
    status: HTTPResponse.Status = .ok,
    size: @escaping @Sendable (Value) -> Int = { _ in 1024 }
  ) -> Self where Value == Shape.Value {
    Self(status, summary, shape.schema) { value, london in
      var writer = JSONWriter(capacity: size(value))
      Shape.write(value, to: &writer, london)
      return writer.finish()
    }
  }

  /// An array of objects.
  /// - Parameter size: about how many bytes each is. Default 1,024.
  @inlinable public static func array<Shape: ObjectShape>(
    of shape: Shape.Type,
    _ summary: String,
    size: Int = 1024
  ) -> Self where Value == [Shape.Value] {
    Self(.ok, summary, .array(shape.schema)) { values, london in
      var writer = JSONWriter(capacity: 64 + values.count * size)
      Shape.write(values, to: &writer, london)
      return writer.finish()
    }
  }
}

extension EndpointAnswer<[UInt8]> {
  /// JSON that is written already.
  public static func json(_ schema: APISchema, _ summary: String) -> Self {
    Self(.ok, summary, schema) { bytes, _ in bytes }
  }
}

extension EndpointAnswer<Void> {
  /// 204.
  public static func noContent(_ summary: String) -> Self {
    Self(.noContent, summary, nil, produces: .json) { _, _ in [] }
  }

  /// 200 without a body, whatever the caller accepts.
  public static func empty(_ summary: String) -> Self {
    Self(.ok, summary, nil, produces: .anything) { _, _ in [] }
  }
}
