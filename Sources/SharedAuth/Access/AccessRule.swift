/// Who may use a route; each route declares one. A token that is refused is refused on open routes too, before the
/// rule is looked at (docs/contract/platform.md §1.1).
public enum AccessRule: Sendable, Hashable {
  /// Anybody, with or without a token.
  case open
  /// Anybody with a good token.
  case authenticated
  /// Callers who hold the role and, if one is named, the scope. Both may be written with or without their prefixes
  /// `ROLE_` and `SCOPE_`.
  case requires(role: String, scope: String? = nil)
  /// Callers who hold one of the roles, which may be written with or without `ROLE_`.
  case requiresAny(roles: [String])

  /// Whether a caller with a good token may pass; if not, the answer is 403.
  public func allows(_ principal: Principal) -> Bool { AccessCheck(self).allows(principal) }

  /// Whether a caller without a token may pass; if not, the answer is 401.
  public var allowsAnonymous: Bool { self == .open }
}
