/// One rule that a property of a body breaks.
public struct FieldViolation: Equatable, Sendable {
  /// The property.
  public let field: String
  /// What is wrong with it.
  public let message: String

  /// - Parameter message: for the caller; quotes no value.
  public init(field: String, message: String) {
    self.field = field
    self.message = message
  }
}
