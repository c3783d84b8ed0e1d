public import Text

/// Who a request comes from, as its token says (platform.md 1.4).
public struct Principal: Sendable, Hashable {
  static let rolePrefix = "ROLE_"
  static let scopePrefix = "SCOPE_"

  /// `client_id`: the OAuth client that holds the token.
  public let clientID: String
  /// `user_name`: the person the client acts for; nil when it acts for itself.
  public let userName: String?
  /// `sub`: what is sent on as `username` to ask for a user-aware upstream token.
  public let subject: String?
  /// The texts of `authorities` exactly as they came, and `SCOPE_` before each scope.
  public let authorities: Set<ByteText>

  public init(
    clientID: String,
    userName: String? = nil,
    subject: String? = nil,
    authorities: [String] = []
  ) {
    self.clientID = clientID
    self.userName = userName
    self.subject = subject
    self.authorities = Set(authorities.map { ByteText($0) })
  }

  /// The user, or the client if there is none.
  public var name: String { userName ?? clientID }

  /// Whether the caller holds a role. An authority counts only with its `ROLE_`.
  /// - Parameter role: with or without `ROLE_`, which mean the same.
  public func hasRole(_ role: String) -> Bool { holds(role, prefix: Self.rolePrefix) }

  /// Whether the caller's token has a scope.
  /// - Parameter scope: with or without `SCOPE_`, which mean the same.
  public func hasScope(_ scope: String) -> Bool { holds(scope, prefix: Self.scopePrefix) }

  private func holds(_ authority: String, prefix: String) -> Bool {
    authorities.contains(ByteText(authority.hasPrefix(prefix) ? authority : prefix + authority))
  }
}
