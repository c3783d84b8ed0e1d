import ServiceKit
import SharedAuth

/// Whom the columns `authorised_by`, `updated_by` and `closed_by` name for a change.
enum Author {
  /// A property of a body that names somebody: 1 to 60 characters, counted in UTF-16 as the service replaced counted
  /// them.
  static func rule(_ message: String) -> TextRule {
    let lengths = 1...ColumnLimit.user
    return TextRule(.text(length: lengths)) { lengths.contains($0.utf16.count) ? nil : message }
  }

  /// Whom the body names, or the token's user.
  /// - Throws: `NonAssociationsError.noUserInContext`, `userNameTooLong`.
  static func name(_ given: String?, _ caller: Principal) throws(NonAssociationsError) -> String {
    if let given { return given }
    guard let user = caller.userName else { throw .noUserInContext }
    // PostgreSQL counts characters as code points.
    guard user.unicodeScalars.count <= ColumnLimit.user else {
      throw .userNameTooLong(limit: ColumnLimit.user)
    }
    return user
  }
}
