internal import JSON

/// A JSON Schema (draft 2020-12), as far as the services' bodies need it: what OpenAPI 3.1 describes bodies and
/// parameters with.
public indirect enum APISchema: Sendable, Equatable {
  /// A value of one JSON type, with whatever narrows it.
  case value(Value)
  case list(List)
  case object(Object)
  /// An object whose properties may have any names, each with a value of the schema.
  case map(APISchema)
  /// A schema that has a name of its own in the document.
  case named(Named)
  /// Either `null` or the schema.
  case nullable(APISchema)
  /// Any JSON at all.
  case any

  public struct Value: Sendable, Equatable {
    public var type: String
    public var format: String?
    public var description: String?
    /// JSON.
    public var example: String?
    public var pattern: String?
    public var choices: [String] = []
    /// Whether null is among the choices where the value may be null.
    public var listsNull = true
    public var minimum: Int64?
    public var maximum: Int64?
    public var minimumLength: Int?
    public var maximumLength: Int?
    /// JSON.
    public var fallback: String?
  }

  public struct List: Sendable, Equatable {
    public var items: APISchema
    public var description: String?
    public var minimumItems: Int?
    /// Whether no element may come twice.
    public var isUnique = false
    /// JSON.
    public var fallback: String?
  }

  public struct Object: Sendable, Equatable {
    public var description: String?
    public var properties: [Property]
    /// Whether a body with other properties is refused; callers may send more otherwise.
    public var isClosed = false
  }

  public struct Property: Sendable, Equatable {
    public let name: String
    public let schema: APISchema
    public let isRequired: Bool

    public init(_ name: String, _ schema: APISchema, isRequired: Bool = true) {
      self.name = name
      self.schema = schema
      self.isRequired = isRequired
    }
  }

  public struct Named: Sendable, Equatable {
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
    length: ClosedRange<Int>? = nil,
    maximumLength: Int? = nil
  ) -> APISchema {
    .value(
      Value(
        type: "string",
        format: format,
        description: description,
        example: example.map { JSONWriter.quoted($0) },
        pattern: pattern,
        minimumLength: length?.lowerBound,
        maximumLength: maximumLength ?? length.flatMap { $0.upperBound == .max ? nil : $0.upperBound }
      )
    )
  }

  /// One of some texts.
  /// - Parameter listsNull: whether null is among the choices where the value may be null.
  public static func choice(
    _ choices: [String],
    _ description: String? = nil,
    listsNull: Bool = true
  ) -> APISchema {
    .value(Value(type: "string", description: description, choices: choices, listsNull: listsNull))
  }

  /// What clients read an integer into.
  public enum IntegerFormat: String, Sendable {
    case int32
    case int64
  }

  /// An integer.
  /// - Parameter format: nil for one of which only the range is said.
  public static func integer(
    _ description: String? = nil,
    example: Int64? = nil,
    in range: ClosedRange<Int64>? = nil,
    format: IntegerFormat? = .int64
  ) -> APISchema {
    .value(
      Value(
        type: "integer",
        format: format?.rawValue,
        description: description,
        example: example.map(String.init),
        minimum: range?.lowerBound,
        maximum: range.flatMap { $0.upperBound == .max ? nil : $0.upperBound }
      )
    )
  }

  /// A number from 0 that documents have always called a text: clients were generated from that. Answers have a number.
  public static func countCalledText(_ description: String) -> APISchema {
    .value(
      Value(
        type: "string",
        format: IntegerFormat.int32.rawValue,
        description: description,
        example: "1",
        minimum: 0
      )
    )
  }

  /// An array.
  /// - Parameters:
  ///   - minimumItems: how many elements it must have; nil for any number.
  ///   - isUnique: whether no element may come twice.
  public static func array(
    _ items: APISchema,
    description: String? = nil,
    minimumItems: Int? = nil,
    isUnique: Bool = false
  ) -> APISchema {
    .list(List(items: items, description: description, minimumItems: minimumItems, isUnique: isUnique))
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

  /// The same schema with a default, which is JSON.
  func withDefault(_ json: String) -> APISchema {
    switch self {
    case .value(var value):
      value.fallback = json
      return .value(value)
    case .list(var list):
      list.fallback = json
      return .list(list)
    default: return self
    }
  }

  /// The named schemas within, by name.
  func collectNamed(into found: inout [String: APISchema]) {
    switch self {
    case .value, .any: break
    case .list(let list): list.items.collectNamed(into: &found)
    case .map(let values): values.collectNamed(into: &found)
    case .object(let object): for property in object.properties { property.schema.collectNamed(into: &found) }
    case .nullable(let schema): schema.collectNamed(into: &found)
    case .named(let named):
      guard found.updateValue(named.schema, forKey: named.name) == nil else { return }
      named.schema.collectNamed(into: &found)
    }
  }

  /// The same schema, with other names for the named schemas within.
  /// - Parameter names: new names by old.
  func renaming(_ names: [String: String]) -> APISchema {
    switch self {
    case .value, .any: return self
    case .list(var list):
      list.items = list.items.renaming(names)
      return .list(list)
    case .map(let values): return .map(values.renaming(names))
    case .object(var object):
      object.properties = object.properties.map {
        Property($0.name, $0.schema.renaming(names), isRequired: $0.isRequired)
      }
      return .object(object)
    case .nullable(let schema): return .nullable(schema.renaming(names))
    case .named(let named):
      return .named(names[named.name] ?? named.name, named.schema.renaming(names))
    }
  }
}
