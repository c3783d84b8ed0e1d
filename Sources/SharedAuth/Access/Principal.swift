public import Text

/// Who a request comes from, as its token says (docs/contract/platform.md §1.4).
public struct Principal: Sendable, Hashable {
  static let rolePrefix = "ROLE_"
  static let scopePrefix = "SCOPE_"

  /// `client_id`: the OAuth client that holds the token.
  public let clientID: String
  /// `user_name`: the person the client acts for; nil when it acts for itself.
  public let userName: String?
  /// `sub`, as it came; ``onBehalf`` is what is sent on.
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

  /// What is sent on as `username` to ask for a token that acts for the caller: `sub`, and where the token has none the
  /// user, else the client. Never nothing, which would ask as the service itself (docs/contract/restricted-patients.md §2).
  public var onBehalf: String {
    if let subject, !subject.isEmpty { return subject }
    return name
  }

  /// Whether the caller holds a role. An authority counts only with its `ROLE_`.
  /// - Parameter role: with or without `ROLE_`, which mean the same.
  public func hasRole(_ role: String) -> Bool { authorities.contains(Self.role(role)) }

  /// Whether the caller's token has a scope.
  /// - Parameter scope: with or without `SCOPE_`, which mean the same.
  public func hasScope(_ scope: String) -> Bool { authorities.contains(Self.scope(scope)) }

  /// The authority that stands for a role.
  static func role(_ role: String) -> ByteText { authority(role, prefix: rolePrefix) }

  /// The authority that stands for a scope.
  static func scope(_ scope: String) -> ByteText { authority(scope, prefix: scopePrefix) }

  private static func authority(_ name: String, prefix: String) -> ByteText {
    ByteText(name.hasPrefix(prefix) ? name : prefix + name)
  }
}
