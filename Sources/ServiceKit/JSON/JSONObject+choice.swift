public import JSON
public import Text

extension JSONObject {
  /// One of an enumeration's names, exactly, blanks around it aside; it must be given.
  @inlinable public func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String,
    _ type: Choice.Type = Choice.self
  ) throws(JSONObjectError) -> Choice where Choice.RawValue == String {
    try required(name, optionalChoice(name, type))
  }

  /// One of an enumeration's names; nil when it is `null` or absent.
  @inlinable public func optionalChoice<Choice: RawRepresentable & CaseIterable>(
    _ name: String,
    _ type: Choice.Type = Choice.self
  ) throws(JSONObjectError) -> Choice? where Choice.RawValue == String {
    guard let value = self[name] else { return nil }
    guard case .string(let text) = value, let choice = Choice(code: text.trimmingBlanks) else {
      let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw JSONObjectError(property: name, "must be one of \(names)")
    }
    return choice
  }
}

extension String {
  /// Without the blanks and control characters (up to U+0020) around it.
  @usableFromInline var trimmingBlanks: String {
    guard let first = utf8.firstIndex(where: { $0 > 0x20 }), let last = utf8.lastIndex(where: { $0 > 0x20 })
    else { return "" }
    return String(decoding: utf8[first...last], as: UTF8.self)
  }
}
