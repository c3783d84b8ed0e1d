internal import JSON

/// A JSON Schema (draft 2020-12), as far as the services' bodies need it: what OpenAPI 3.1 describes bodies and
/// parameters with.
public indirect enum APISchema: Sendable {
  /// A value of one JSON type, with whatever narrows it.
  case value(Value)
  case array(APISchema, description: String? = nil)
  case object(Object)
  /// A schema that has a name of its own in the document.
  case named(Named)
  /// Either `null` or the schema.
  case nullable(APISchema)
  /// Any JSON at all.
  case any

  public struct Value: Sendable {
    public var type: String
    public var format: String?
    public var description: String?
    /// JSON.
    public var example: String?
    public var pattern: String?
    public var choices: [String] = []
    public var minimum: Int64?
    public var maximum: Int64?
    public var minimumLength: Int?
    public var maximumLength: Int?
    /// JSON.
    public var fallback: String?
  }

  public struct Object: Sendable {
    public var description: String?
    public var properties: [Property]
    /// Whether a body with other properties is refused; callers may send more otherwise.
    public var isClosed = false
  }

  public struct Property: Sendable {
    public let name: String
    public let schema: APISchema
    public let isRequired: Bool

    public init(_ name: String, _ schema: APISchema, isRequired: Bool = true) {
      self.name = name
      self.schema = schema
      self.isRequired = isRequired
    }
  }

  public struct Named: Sendable {
    public let name: String
    public let schema: APISchema
  }
}

extension APISchema {
  /// A text.
  /// - Parameter example: the text itself.
  public static func text(
    _ description: String? = nil,
    example: String? = nil,
    format: String? = nil,
    pattern: String? = nil,
    length: ClosedRange<Int>? = nil
  ) -> APISchema {
    .value(
      Value(
        type: "string",
        format: format,
        description: description,
        example: example.map { JSONWriter.quoted($0) },
        pattern: pattern,
        minimumLength: length?.lowerBound,
        maximumLength: length.flatMap { $0.upperBound == .max ? nil : $0.upperBound }
      )
    )
  }

  /// One of some texts.
  public static func choice(_ choices: [String], _ description: String? = nil) -> APISchema {
    .value(Value(type: "string", description: description, choices: choices))
  }

  /// A 64-bit integer.
  public static func integer(
    _ description: String? = nil,
    example: Int64? = nil,
    in range: ClosedRange<Int64>? = nil
  ) -> APISchema {
    .value(
      Value(
        type: "integer",
        format: "int64",
        description: description,
        example: example.map(String.init),
        minimum: range?.lowerBound,
        maximum: range.flatMap { $0.upperBound == .max ? nil : $0.upperBound }
      )
    )
  }

  public static func boolean(_ description: String? = nil, example: Bool? = nil) -> APISchema {
    .value(Value(type: "boolean", description: description, example: example.map { "\($0)" }))
  }

  public static func object(_ properties: [Property], description: String? = nil) -> APISchema {
    .object(Object(description: description, properties: properties))
  }

  /// A schema that the document has once, under `name`.
  public static func named(_ name: String, _ schema: APISchema) -> APISchema {
    .named(Named(name: name, schema: schema))
  }

  /// The named schemas within, by name.
  func collectNamed(into found: inout [String: APISchema]) {
    switch self {
    case .value, .any: break
    case .array(let items, _): items.collectNamed(into: &found)
    case .object(let object): for property in object.properties { property.schema.collectNamed(into: &found) }
    case .nullable(let schema): schema.collectNamed(into: &found)
    case .named(let named):
      guard found.updateValue(named.schema, forKey: named.name) == nil else { return }
      named.schema.collectNamed(into: &found)
    }
  }
}
