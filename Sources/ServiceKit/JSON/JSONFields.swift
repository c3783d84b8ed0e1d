public import JSON
internal import Text
public import Time

/// The properties of a request's JSON object, read with the contract's leniency and refusals
/// (`non-associations.md` §4 and §6): unknown properties are ignored, numbers and booleans given for texts become
/// their text, and whatever cannot be read throws `PlatformFailure.unreadableBody` with a text that names the property
/// and nothing of its value.
public struct JSONFields: Sendable {
  private let members: [String: JSONValue]

  /// - Throws: `missingBody` for the value `null`, `unreadableBody` for anything else that is not an object.
  public init(_ value: JSONValue) throws(PlatformFailure) {
    switch value {
    case .object(let members): self.members = members
    case .null: throw .missingBody
    default: throw .unreadableBody("expected an object")
    }
  }

  /// A text that must be given.
  public func text(_ name: String) throws(PlatformFailure) -> String {
    try required(name, optionalText(name))
  }

  /// A text; nil when it is `null` or absent.
  public func optionalText(_ name: String) throws(PlatformFailure) -> String? {
    try Self.text(members[name] ?? .null, "property \(name)")
  }

  /// A list of texts that must be given.
  public func texts(_ name: String) throws(PlatformFailure) -> [String] {
    try Self.texts(required(name, members[name] == .null ? nil : members[name]), "property \(name)")
  }

  /// A JSON array's texts, each read as ``text(_:)`` reads one.
  /// - Parameter name: what an error calls the array.
  public static func texts(_ value: JSONValue, _ name: String) throws(PlatformFailure) -> [String] {
    guard case .array(let elements) = value else {
      throw .unreadableBody("\(name) must be an array of strings")
    }
    var texts: [String] = []
    texts.reserveCapacity(elements.count)
    for element in elements {
      guard let text = try text(element, "each of \(name)") else {
        throw .unreadableBody("\(name) must not contain null")
      }
      texts.append(text)
    }
    return texts
  }

  private static func text(_ value: JSONValue, _ name: String) throws(PlatformFailure) -> String? {
    switch value {
    case .null: return nil
    case .boolean(let value): return value ? "true" : "false"
    case .number(let text): return text
    case .string(let text):
      guard !text.utf8.contains(0) else {
        throw .unreadableBody("\(name) must not contain a NUL character")
      }
      return text
    case .array, .object: throw .unreadableBody("\(name) must be a string")
    }
  }

  /// An object that must be given.
  public func object(_ name: String) throws(PlatformFailure) -> JSONFields {
    switch members[name] {
    case .object(let members): return JSONFields(members: members)
    case nil, .null: return try required(name, nil)
    default: throw .unreadableBody("property \(name) must be an object")
    }
  }

  private init(members: [String: JSONValue]) { self.members = members }

  /// One of an enumeration's names, exactly, blanks around it aside; it must be given.
  public func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String,
    _ type: Choice.Type = Choice.self
  ) throws(PlatformFailure) -> Choice where Choice.RawValue == String {
    try required(name, optionalChoice(name, type))
  }

  /// One of an enumeration's names; nil when it is `null` or absent.
  public func optionalChoice<Choice: RawRepresentable & CaseIterable>(
    _ name: String,
    _ type: Choice.Type = Choice.self
  ) throws(PlatformFailure) -> Choice? where Choice.RawValue == String {
    let value = members[name]
    if value == nil || value == .null { return nil }
    guard case .string(let text) = value, let choice = Choice(code: text.trimmingBlanks) else {
      let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw .unreadableBody("property \(name) must be one of \(names)")
    }
    return choice
  }

  /// A local date-time in a form of `non-associations.md` §4.2; nil when it is `null`, absent, blank or an empty array.
  public func optionalDateTime(_ name: String) throws(PlatformFailure) -> LocalDateTime? {
    switch members[name] {
    case nil, .null: return nil
    case .string(let text):
      if LocalDateTime.isBlank(text) { return nil }
      if let value = LocalDateTime(contractText: text) { return value }
    case .array(let elements):
      if elements.isEmpty { return nil }
      if let value = LocalDateTime(contractArray: elements) { return value }
    default: break
    }
    throw .unreadableBody(
      "property \(name) must be a local date-time such as 2023-06-07T10:30:00, without an offset"
    )
  }

  private func required<Value>(_ name: String, _ value: Value?) throws(PlatformFailure) -> Value {
    guard let value else { throw .unreadableBody("property \(name) is required") }
    return value
  }
}

extension LocalDateTime {
  /// `[year, month, day, hour, minute]`, then perhaps seconds, then perhaps nanoseconds: all integers.
  init?(contractArray elements: [JSONValue]) {
    guard (5...7).contains(elements.count) else { return nil }
    var parts: [Int] = []
    for element in elements {
      guard case .number(let text) = element, let part = Int(text) else { return nil }
      parts.append(part)
    }
    self.init(
      year: parts[0],
      month: parts[1],
      day: parts[2],
      hour: parts[3],
      minute: parts[4],
      second: parts.count > 5 ? parts[5] : 0,
      nanosecond: parts.count > 6 ? parts[6] : 0
    )
  }
}

extension String {
  /// Without the blanks and control characters (up to U+0020) around it.
  var trimmingBlanks: String {
    guard let first = utf8.firstIndex(where: { $0 > 0x20 }), let last = utf8.lastIndex(where: { $0 > 0x20 })
    else { return "" }
    return String(decoding: utf8[first...last], as: UTF8.self)
  }
}
