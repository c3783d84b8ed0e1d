import ServiceKit

/// How many characters each column of `restricted_patients` takes. What does not fit is refused before prison API is told
/// anything.
enum ColumnLimit {
  static let prisonerNumber = 7
  static let prison = 5
  static let hospital = 10
  static let comment = 240
  static let user = 32

  /// - Throws: `RestrictedPatientsError.invalid` for a text that is blank, too long, or has characters that no path of a
  ///   call of prison API can have.
  static func check(_ text: String, _ name: String, _ limit: Int) throws(RestrictedPatientsError) {
    if let violation = violation(text, limit) { throw .invalid("\(name) \(violation)") }
  }

  /// What is wrong with such a text; nil for one that is right.
  static func violation(_ text: String, _ limit: Int) -> String? {
    guard text.utf8.contains(where: { $0 > 0x20 }) else { return "must not be blank" }
    guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      return "must not have control characters"
    }
    return excess(text, limit)
  }

  /// What the API's description says of such a text.
  static func words(_ limit: Int) -> String {
    "At most \(limit) characters, not blank, without control characters"
  }

  /// PostgreSQL counts characters as code points.
  fileprivate static func excess(_ text: String, _ limit: Int) -> String? {
    text.unicodeScalars.count <= limit ? nil : "must have at most \(limit) characters"
  }
}

extension TextRule {
  static let prisonerNumber = identifier(.prisonerNumber, ColumnLimit.prisonerNumber)
  static let prison = identifier(.prison, ColumnLimit.prison)
  static let hospital = identifier(.hospital, ColumnLimit.hospital)
  /// May be empty.
  static let comment = TextRule(.text("In words; at most \(ColumnLimit.comment) characters")) {
    ColumnLimit.excess($0, ColumnLimit.comment)
  }

  /// A text that is part of paths of prison API.
  static func identifier(_ schema: APISchema, _ limit: Int) -> TextRule {
    TextRule(schema) { ColumnLimit.violation($0, limit) }
  }
}
