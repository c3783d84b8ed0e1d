/// A JSON value of any kind, for request bodies: small texts whose every property may be of the wrong type.
public enum JSONValue: Equatable, Sendable {
  case null
  case boolean(Bool)
  /// As it is written, so that a number given for a text keeps its look.
  case number(String)
  case string(String)
  case array([JSONValue])
  /// Of several members with one name the last counts.
  case object([String: JSONValue])

  /// - Throws: `JSONParseError` when the bytes are not one JSON value with blanks around it.
  public init(parsing bytes: [UInt8]) throws(JSONParseError) {
    var reader = JSONReader(bytes)
    self = try JSONValue(from: &reader)
    try reader.end()
  }

  private init(from reader: inout JSONReader) throws(JSONParseError) {
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
      while try reader.nextElement() { elements.append(try JSONValue(from: &reader)) }
      self = .array(elements)
    case .object:
      var members: [String: JSONValue] = [:]
      try reader.beginObject()
      while let key = try reader.nextKey() { members[key] = try JSONValue(from: &reader) }
      self = .object(members)
    }
  }
}
