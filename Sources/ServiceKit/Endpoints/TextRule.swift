/// What a text of a body must be: the check, and what the API's description says of it.
public struct TextRule: Sendable {
  /// What the API's description says of a text.
  public let schema: APISchema
  /// What is wrong with a text; nil for one that is right.
  public let violation: @Sendable (String) -> String?

  /// - Parameter violation: what is wrong with a text; nil for one that is right.
  public init(_ schema: APISchema, violation: @escaping @Sendable (String) -> String?) {
    self.schema = schema
    self.violation = violation
  }

  /// Any text.
  public static func any(_ schema: APISchema = .text()) -> TextRule { TextRule(schema) { _ in nil } }

  /// A text that must not be empty; blanks are a text.
  /// - Parameters:
  ///   - message: what is wrong with an empty one.
  ///   - description: what the API's description says of it.
  public static func notEmpty(_ message: String, _ description: String? = nil) -> TextRule {
    TextRule(.text(description, length: 1...Int.max)) { $0.isEmpty ? message : nil }
  }
}
