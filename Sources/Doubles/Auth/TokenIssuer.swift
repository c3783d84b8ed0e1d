public import Crypto
internal import JSON
public import Time

/// Writes and signs tokens as HMPPS Auth does (docs/contract/upstreams.md §2.4), for development and tests only.
public struct TokenIssuer: Sendable {
  /// What a token says about its bearer.
  public struct Claims: Sendable {
    /// The claim `client_id`.
    public var clientID: String
    /// The user on whose behalf the client works; nil for the client itself.
    public var username: String?
    /// With the prefix `ROLE_`.
    public var authorities: [String]
    /// The claim `scope`.
    public var scopes: [String]
    /// The claim `auth_source`.
    public var authSource = "none"
    /// The claim `grant_type`.
    public var grantType = "client_credentials"
    /// Who has signed in; their name and ids go into the token. Nil for a token that no user signed in for.
    public var user: SampleUser?
    /// Until the token expires; may be negative, for an expired one.
    public var lifetime = Duration.seconds(3600)

    /// - Parameter roles: with or without the prefix `ROLE_`.
    public init(clientID: String, username: String? = nil, roles: [String], scopes: [String]) {
      self.clientID = clientID
      self.username = username
      authorities = roles.map { $0.hasPrefix("ROLE_") ? $0 : "ROLE_" + $0 }
      self.scopes = scopes
    }

    /// What a client asks for on its own (docs/contract/upstreams.md §2.4): with its own roles, whoever it works for.
    public init(_ client: SampleClient, username: String? = nil) {
      self.init(clientID: client.clientID, username: username, roles: client.roles, scopes: client.scopes)
    }

    /// What a client gets for a user who has signed in: with the user's roles.
    public init(_ user: SampleUser, client: SampleClient) {
      self.init(
        clientID: client.clientID,
        username: user.username,
        roles: user.roles,
        scopes: client.scopes
      )
      authSource = user.authSource
      grantType = "authorization_code"
      self.user = user
    }
  }

  /// A signed token and its `jti`.
  public struct IssuedToken: Sendable {
    /// The token in its compact form.
    public let text: String
    /// The claim `jti`.
    public let tokenID: String
  }

  private let key: SigningKey
  private let issuer: String
  private let clock: any WallClock

  /// - Parameter issuer: the `iss` claim: the base URL of Auth with `/issuer`.
  public init(key: SigningKey, issuer: String, clock: any WallClock) {
    self.key = key
    self.issuer = issuer
    self.clock = clock
  }

  /// A token in the compact form (RFC 7515 §7.1).
  public func issue(_ claims: Claims) throws(SigningKey.Failure) -> IssuedToken {
    let tokenID = Self.randomUUID()
    let signed = Base64URL.encode(header()) + "." + Base64URL.encode(payload(claims, tokenID: tokenID))
    let signature = Base64URL.encode(try key.sign(Array(signed.utf8)))
    return IssuedToken(text: signed + "." + signature, tokenID: tokenID)
  }

  private func header() -> [UInt8] {
    var json = JSONWriter(capacity: 128)
    json.beginObject()
    json.field("alg", "RS256")
    json.field("typ", "JWT")
    json.field("kid", key.keyID)
    json.endObject()
    return json.bytes
  }

  private func payload(_ claims: Claims, tokenID: String) -> [UInt8] {
    var json = JSONWriter(capacity: 768)
    json.beginObject()
    json.field("sub", claims.username ?? claims.clientID)
    if let username = claims.username { json.field("user_name", username) }
    json.field("client_id", claims.clientID)
    json.field("auth_source", claims.authSource)
    json.field("grant_type", claims.grantType)
    json.field("authorities", claims.authorities)
    json.field("scope", claims.scopes)
    if let user = claims.user {
      json.field("name", user.name)
      json.field("user_id", user.userID)
      json.field("user_uuid", user.userUUID)
    }
    json.field("jti", tokenID)
    json.field("iss", issuer)
    json.field("exp", (clock.now() + claims.lifetime).seconds)
    json.endObject()
    return json.bytes
  }

  /// A random UUID (RFC 9562 §5.4).
  private static func randomUUID() -> String {
    var generator = SystemRandomNumberGenerator()
    let high = generator.next() & 0xffff_ffff_ffff_0fff | 0x4000
    let low = generator.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    let digits = Array(hexadecimal(high) + hexadecimal(low))
    return [digits[0..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20..<32]]
      .map { String($0) }.joined(separator: "-")
  }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
