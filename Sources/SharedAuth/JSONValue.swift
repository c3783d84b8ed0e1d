/// A JSON text (RFC 8259) read into memory. Numbers are doubles: dates and durations lose nothing below 2^53.
enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  var number: Double? {
    guard case .number(let value) = self else { return nil }
    return value
  }

  var array: [JSONValue]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  var object: [String: JSONValue]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  /// The texts of a list that holds only texts; nil for anything else.
  var strings: [String]? {
    guard let array else { return nil }
    let strings = array.compactMap(\.string)
    return strings.count == array.count ? strings : nil
  }
}

extension [String: JSONValue] {
  /// The member of that name, where a JSON `null` counts as none.
  func present(_ name: String) -> JSONValue? {
    switch self[name] {
    case nil, .null: nil
    case let value?: value
    }
  }
}
