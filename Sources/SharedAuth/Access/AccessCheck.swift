internal import Text

/// An access rule that is ready to be asked with each request: its names have their prefixes.
public struct AccessCheck: Sendable {
  /// One of these, if there are any.
  private let roles: [ByteText]?
  private let scope: ByteText?

  /// - Parameter rule: says who may pass.
  public init(_ rule: AccessRule) {
    switch rule {
    case .open, .authenticated: (roles, scope) = (nil, nil)
    case .requiresAny(let names): (roles, scope) = (names.map(Principal.role), nil)
    case .requires(let role, let name): (roles, scope) = ([Principal.role(role)], name.map(Principal.scope))
    }
  }

  /// Whether a caller with a good token may pass; if not, the answer is 403.
  public func allows(_ principal: Principal) -> Bool {
    if let roles, !roles.contains(where: principal.authorities.contains) { return false }
    return scope.map(principal.authorities.contains) ?? true
  }
}
