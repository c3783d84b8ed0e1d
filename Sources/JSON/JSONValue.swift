/// A JSON value of any kind, for small texts whose every property may be of the wrong type.
public enum JSONValue: Equatable, Sendable {
  case null
  case boolean(Bool)
  /// As it is written, so that a number given for a text keeps its look.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// - Throws: `JSONError` when the bytes are not one JSON value with blanks around it, or the policy refuses it.
  public init(parsing bytes: [UInt8], _ policy: JSONPolicy = .strict) throws(JSONError) {
    var reader = JSONReader(bytes, policy)
    self = try JSONValue(from: &reader, policy)
    try reader.end()
  }

  private init(from reader: inout JSONReader, _ policy: JSONPolicy) throws(JSONError) {
    switch try reader.next() {
    case .null:
      try reader.null()
      self = .null
    case .boolean: self = .boolean(try reader.boolean())
    case .number: self = .number(try reader.number())
    case .string: self = .string(try reader.string())
    case .array:
      var elements: [JSONValue] = []
      try reader.beginArray()
      while try reader.nextElement() { elements.append(try JSONValue(from: &reader, policy)) }
      self = .array(elements)
    case .object:
      var members: [String: JSONValue] = [:]
      try reader.beginObject()
      while let key = try reader.nextKey() {
        let isSecond = members.updateValue(try JSONValue(from: &reader, policy), forKey: key) != nil
        if isSecond, policy.refusesDuplicates { throw reader.failure("duplicate name") }
      }
      self = .object(members)
    }
  }
}

/// A value of one kind; nil if it is of another.
extension JSONValue {
  /// The text of a string.
  public var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  /// The double that is nearest: dates and durations lose nothing below 2^53.
  public var double: Double? {
    guard case .number(let text) = self else { return nil }
    return Double(text)
  }

  /// The elements of an array.
  public var array: [JSONValue]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  /// The members of an object.
  public var object: [String: JSONValue]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  /// The texts of a list that holds only texts.
  public var strings: [String]? {
    guard let array else { return nil }
    let strings = array.compactMap(\.string)
    return strings.count == array.count ? strings : nil
  }
}

extension [String: JSONValue] {
  /// The member of that name, where a JSON `null` counts as none.
  public func present(_ name: String) -> JSONValue? {
    switch self[name] {
    case nil, .null: nil
    case let value?: value
    }
  }
}
