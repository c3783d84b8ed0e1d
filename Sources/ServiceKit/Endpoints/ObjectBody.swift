public import JSON

/// A body that is a JSON object. Its initialiser names each property once: name, type, rules and description.
public protocol ObjectBody: RequestBody {
  /// Names the schema in the API's description.
  static var schemaName: String { get }

  /// Whether what is left out stays as it is.
  static var isPartial: Bool { get }

  /// Reads the properties in their order, whatever they are: rules are noted in `body`, not thrown. It is also run to
  /// describe the body.
  init(_ body: inout BodyFields) throws(JSONObjectError)
}

extension ObjectBody {
  /// False, unless a body says otherwise.
  public static var isPartial: Bool { false }

  /// What the initialiser reads.
  public static var schema: APISchema {
    var fields = BodyFields(describing: isPartial)
    _ = try? Self(&fields)
    return .named(schemaName, .object(fields.properties))
  }

  /// - Throws: `missingBody`, `unreadableBody`, `invalidBody` with every rule that the body breaks.
  public init(json: JSONValue?) throws {
    guard let json else { throw PlatformFailure.missingBody }
    var fields = try BodyFields(reading: json, isPartial: Self.isPartial)
    let body = try Self(&fields)
    guard fields.violations.isEmpty else { throw PlatformFailure.invalidBody(fields.violations) }
    self = body
  }
}
