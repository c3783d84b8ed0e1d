internal import JSON
import ServiceKit
internal import Time

/// An object that lacks something, or has it as something else. The reason quotes nothing of it.
struct UnreadableObject: Error { let reason: String }

/// A JSON object of another service's answer or message. Numbers and booleans may come as texts, and texts as numbers
/// (`restricted-patients.md` §6.3); a value that cannot be read counts as not given.
struct LenientObject {
  private let members: [String: JSONValue]

  init(_ value: JSONValue) throws(UnreadableObject) {
    guard case .object(let members) = value else { throw UnreadableObject(reason: "expected an object") }
    self.members = members
  }

  /// The objects of an array.
  static func list(_ value: JSONValue) throws(UnreadableObject) -> [LenientObject] {
    guard case .array(let elements) = value else { throw UnreadableObject(reason: "expected an array") }
    var objects: [LenientObject] = []
    for element in elements { objects.append(try LenientObject(element)) }
    return objects
  }

  func text(_ name: String) -> String? {
    switch members[name] {
    case .string(let text), .number(let text): text
    default: nil
    }
  }

  func requiredText(_ name: String) throws(UnreadableObject) -> String {
    guard let text = text(name) else { throw UnreadableObject(reason: "no \(name)") }
    return text
  }

  func integer(_ name: String) -> Int64? { text(name).flatMap { Int64($0) } }

  func boolean(_ name: String) -> Bool? {
    switch members[name] {
    case .boolean(let value): value
    case .string("true"): true
    case .string("false"): false
    default: nil
    }
  }

  func object(_ name: String) throws(UnreadableObject) -> LenientObject {
    guard let value = members[name] else { throw UnreadableObject(reason: "no \(name)") }
    return try LenientObject(value)
  }

  /// A day as `yyyy-MM-dd`.
  func date(_ name: String) -> String? { text(name).flatMap { LocalDateTime.isDate($0) ? $0 : nil } }
}
