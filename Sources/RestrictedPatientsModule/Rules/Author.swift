import SharedAuth

/// Whom the columns `create_user_id`, `modify_user_id` and `removed_user_id` name for a change: the token's user, else its
/// client.
enum Author {
  /// - Throws: `RestrictedPatientsError.invalid` for a name that its column cannot hold.
  static func name(_ caller: Principal) throws(RestrictedPatientsError) -> String {
    guard caller.name.unicodeScalars.count <= ColumnLimit.user else {
      throw .invalid("the token's user name must have at most \(ColumnLimit.user) characters")
    }
    return caller.name
  }
}
