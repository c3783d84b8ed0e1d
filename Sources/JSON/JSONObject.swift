internal import Text

/// A JSON object whose properties are read by their names. Unknown ones are ignored.
///
/// There are two ways to read one. A body that callers send is held to what it should be (`text`, `texts`, `object`): what is
/// of the wrong kind throws. An answer or a message of another service is read as far as it can be (`scalar`, `integer`,
/// `boolean`): numbers and booleans may come as texts and texts as numbers, and what cannot be read counts as not given.
public struct JSONObject: Sendable {
  private let members: [String: JSONValue]

  /// - Throws: `JSONObjectError` for anything else than an object.
  public init(_ value: JSONValue) throws(JSONObjectError) {
    guard case .object(let members) = value else {
      throw JSONObjectError(reason: "expected an object", isNull: value == .null)
    }
    self.members = members
  }

  private init(members: [String: JSONValue]) { self.members = members }

  /// The objects of an array.
  /// - Throws: `JSONObjectError` for anything else than an array of objects.
  public static func list(_ value: JSONValue) throws(JSONObjectError) -> [JSONObject] {
    guard case .array(let elements) = value else { throw JSONObjectError(reason: "expected an array") }
    var objects: [JSONObject] = []
    objects.reserveCapacity(elements.count)
    for element in elements { objects.append(try JSONObject(element)) }
    return objects
  }

  /// A property as it is; nil when it is `null` or absent.
  public subscript(name: String) -> JSONValue? { members.present(name) }

  /// A value that must be there.
  /// - Throws: `JSONObjectError` for nil.
  @inlinable public func required<Value>(_ name: String, _ value: Value?) throws(JSONObjectError) -> Value {
    guard let value else { throw JSONObjectError(property: name, "is required") }
    return value
  }

  // MARK: Held to what it should be

  /// A text that must be given. A number or a boolean becomes its text.
  public func text(_ name: String) throws(JSONObjectError) -> String {
    try required(name, optionalText(name))
  }

  /// A text; nil when it is `null` or absent.
  public func optionalText(_ name: String) throws(JSONObjectError) -> String? {
    try Self.text(self[name] ?? .null, of: name, "property \(name)")
  }

  /// A list of texts that must be given.
  public func texts(_ name: String) throws(JSONObjectError) -> [String] {
    try Self.texts(required(name, self[name]), of: name, "property \(name)")
  }

  /// A JSON array's texts, each read as ``text(_:)`` reads one.
  /// - Parameter name: what an error calls the array.
  public static func texts(_ value: JSONValue, _ name: String) throws(JSONObjectError) -> [String] {
    try texts(value, of: nil, name)
  }

  /// An object that must be given.
  public func object(_ name: String) throws(JSONObjectError) -> JSONObject {
    guard case .object(let members) = try required(name, self[name]) else {
      throw JSONObjectError(property: name, "must be an object")
    }
    return JSONObject(members: members)
  }

  private static func texts(
    _ value: JSONValue,
    of property: String?,
    _ name: String
  ) throws(JSONObjectError) -> [String] {
    guard case .array(let elements) = value else {
      throw JSONObjectError(property: property, reason: "\(name) must be an array of strings")
    }
    var texts: [String] = []
    texts.reserveCapacity(elements.count)
    for element in elements {
      guard let text = try text(element, of: property, "each of \(name)") else {
        throw JSONObjectError(property: property, reason: "\(name) must not contain null")
      }
      texts.append(text)
    }
    return texts
  }

  private static func text(
    _ value: JSONValue,
    of property: String?,
    _ name: String
  ) throws(JSONObjectError) -> String? {
    switch value {
    case .null: return nil
    case .boolean(let value): return value ? "true" : "false"
    case .number(let text): return text
    case .string(let text):
      guard !text.holdsNUL else {
        throw JSONObjectError(property: property, reason: "\(name) must not contain a NUL character")
      }
      return text
    case .array, .object:
      throw JSONObjectError(property: property, reason: "\(name) must be a string")
    }
  }

  // MARK: As far as it can be read

  /// A text, or a number as its text.
  public func scalar(_ name: String) -> String? {
    switch members[name] {
    case .string(let text), .number(let text): text
    default: nil
    }
  }

  /// A text or number that must be given.
  public func requiredScalar(_ name: String) throws(JSONObjectError) -> String {
    try required(name, scalar(name))
  }

  /// An integer, or a text that is one.
  public func integer(_ name: String) -> Int64? { scalar(name).flatMap { Int64($0) } }

  /// A boolean, or a text that is one.
  public func boolean(_ name: String) -> Bool? {
    switch members[name] {
    case .boolean(let value): value
    case .string("true"): true
    case .string("false"): false
    default: nil
    }
  }
}
