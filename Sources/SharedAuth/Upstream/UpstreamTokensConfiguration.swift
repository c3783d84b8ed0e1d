public import Crypto

/// How this service asks for its own tokens (RFC 6749 §4.4, docs/contract/upstreams.md §2.1).
public struct UpstreamTokensConfiguration: Sendable {
  public var clientID: String
  public var clientSecret: Secret
  /// The `scope` asked for. Default nil: none is sent.
  public var scope: String?
  /// How long one token request may take. Default 30 seconds (docs/contract/upstreams.md §1).
  public var requestTimeout: Duration = .seconds(30)
  /// How long before its expiry a token is no longer used. Default 60 seconds.
  public var renewalMargin: Duration = .seconds(60)
  /// How old a token must be before `evict` drops it, so that an upstream which refuses every token does not cause
  /// a token request per call. Default 5 seconds.
  public var minimumAge: Duration = .seconds(5)
  /// Tokens kept, one for each user name asked with and one without; at least 2. Default 1,000.
  public var capacity = 1000

  public init(clientID: String, clientSecret: Secret, scope: String? = nil) {
    self.clientID = clientID
    self.clientSecret = clientSecret
    self.scope = scope
  }
}

/// One request for a token: `POST {oauth}/oauth/token`.
public struct TokenRequest: Sendable {
  /// The value of `Authorization`: HTTP Basic with id and secret, each form-encoded first (RFC 6749 §2.3.1).
  public let authorization: Secret
  /// The body, as `application/x-www-form-urlencoded`.
  public let body: String

  init(_ configuration: UpstreamTokensConfiguration, username: String?) {
    let id = FormURLEncoding.encode(configuration.clientID)
    let secret = FormURLEncoding.encode(configuration.clientSecret.reveal())
    authorization = Secret("Basic " + Base64.encode(Array("\(id):\(secret)".utf8)))
    var fields = [(name: "grant_type", value: "client_credentials")]
    if let scope = configuration.scope { fields.append(("scope", scope)) }
    if let username { fields.append(("username", username)) }
    body = FormURLEncoding.encode(fields)
  }
}
