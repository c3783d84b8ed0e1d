/// One broken rule of a body.
struct FieldViolation: Equatable, Sendable {
  var field: String
  var message: String
}

/// Collects the rules that a body breaks, so that a caller is told of all at once.
struct FieldRules {
  private(set) var violations: [FieldViolation] = []

  mutating func violate(_ field: String, _ message: String) {
    violations.append(FieldViolation(field: field, message: message))
  }

  /// A text that is given must not be empty; blanks are a text.
  mutating func require(_ text: String?, _ field: String, _ message: String) {
    if text?.isEmpty == true { violate(field, message) }
  }

  /// A name that is given must have 1 to 60 characters, counted in UTF-16 as the service replaced counted them.
  mutating func requireName(_ name: String?, _ field: String, _ message: String) {
    guard let name else { return }
    if !(1...NonAssociationsService.maximumUserNameLength).contains(name.utf16.count) {
      violate(field, message)
    }
  }

  /// A prisoner number must have its form.
  mutating func requirePrisonerNumber(_ number: String, _ field: String) {
    if !PrisonerNumber.isWellFormed(number) { violate(field, PrisonerNumber.formatMessage) }
  }

  /// - Throws: `NonAssociationsError.invalidBody` with every violation.
  func check() throws(NonAssociationsError) {
    guard violations.isEmpty else { throw .invalidBody(violations) }
  }
}
