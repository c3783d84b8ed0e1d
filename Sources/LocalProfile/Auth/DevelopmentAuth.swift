public import EventLoops
public import HTTPTransport
internal import HTTPTypes
internal import ServiceKit
internal import SharedAuth
internal import Synchronization

/// A double of HMPPS Auth for development and tests: it knows a few clients, gives them tokens, publishes its keys
/// (upstreams.md §2). It checks nothing that it need not, and is never for production.
public final class DevelopmentAuth: Sendable {
  public let clients: [DevelopmentClient]
  public let faults = FaultPlan()

  /// How long a token is good for: one hour.
  public static let tokenLifetime = Duration.seconds(3600)

  private let clock: any WallClock
  private let state: Mutex<State>

  private struct State {
    /// The first signs; all are published.
    var keys: [SigningKey]
    /// The base URL, with `/auth`.
    var baseURL = "http://localhost/auth"
  }

  /// - Parameter key: signs tokens until `rotateKey()`.
  public init(key: SigningKey, clients: [DevelopmentClient] = DevelopmentClient.all, clock: any WallClock) {
    self.clients = clients
    self.clock = clock
    state = Mutex(State(keys: [key]))
  }

  /// Where this double is reached, with `/auth`; goes into the `iss` claim.
  public var baseURL: String {
    get { state.withLock { $0.baseURL } }
    set { state.withLock { $0.baseURL = newValue } }
  }

  /// Signs with a new key from now on, under another key id; the old keys stay published, as Auth does it.
  public func rotateKey() throws(SigningKey.Failure) {
    let key = try SigningKey.generate()
    state.withLock { $0.keys.insert(key, at: 0) }
  }

  /// What issues this double's tokens, for tests that want one without asking by HTTP; nil never happens while there
  /// is a key.
  public var issuer: TokenIssuer? {
    state.withLock { state in
      state.keys.first.map { TokenIssuer(key: $0, issuer: state.baseURL + "/issuer", clock: clock) }
    }
  }

  /// The token a user's browser session has once they have signed in at a front end (upstreams.md §2.4).
  /// - Parameters:
  ///   - client: the front end's client.
  ///   - lifetime: may be negative, for an expired token.
  /// - Throws: `SigningKey.Failure`.
  public func token(
    for user: SampleUser,
    client: DevelopmentClient,
    lifetime: Duration = tokenLifetime
  ) throws(SigningKey.Failure) -> String {
    var claims = TokenIssuer.Claims(user, client: client)
    claims.lifetime = lifetime
    return try issue(claims).text
  }

  /// The token a client has for calls of its own.
  /// - Parameters:
  ///   - username: for whom it makes them; nil for nobody.
  ///   - lifetime: may be negative, for an expired token.
  /// - Throws: `SigningKey.Failure`.
  public func token(
    of client: DevelopmentClient,
    username: String? = nil,
    lifetime: Duration = tokenLifetime
  ) throws(SigningKey.Failure) -> String {
    var claims = TokenIssuer.Claims(client, username: username)
    claims.lifetime = lifetime
    return try issue(claims).text
  }

  private func issue(_ claims: TokenIssuer.Claims) throws(SigningKey.Failure) -> TokenIssuer.IssuedToken {
    guard let issuer else { throw SigningKey.Failure(description: "there is no key") }
    return try issuer.issue(claims)
  }

  /// The HTTP side. Runs on the connection's loop.
  public func respond(to request: ServerRequest) async -> ServerResponse {
    let segments = request.head.target.segments
    if let fault = await faults.meet(path: "/" + segments.joined(separator: "/")) { return fault }
    switch (request.head.method, segments) {
    case (.post, ["auth", "oauth", "token"]): return await token(request)
    case (.get, ["auth", ".well-known", "jwks.json"]): return .json(.ok, keySet())
    case (.get, ["auth", "health", "ping"]): return .ping
    default: return .notFound
    }
  }

  // MARK: Tokens

  private func token(_ request: ServerRequest) async -> ServerResponse {
    let body: [UInt8]
    do {
      body = try await request.body()
    } catch {
      return .oauthError(.badRequest, "invalid_request", "The body could not be read")
    }
    let form = QueryParameters(form: body)
    let parameter = { (name: String) in form[name] ?? request.head.target.query[name] }
    guard let client = client(request.head.fields[.authorization], parameter) else {
      return .oauthError(.unauthorized, "invalid_client", "Bad client credentials")
    }
    guard parameter("grant_type") == "client_credentials" else {
      return .oauthError(.badRequest, "unsupported_grant_type", "Unsupported grant type")
    }
    let username = parameter("username").flatMap { $0.isEmpty ? nil : $0 }
    return answer(client, username: username)
  }

  private func answer(_ client: DevelopmentClient, username: String?) -> ServerResponse {
    var claims = TokenIssuer.Claims(client, username: username)
    claims.lifetime = Self.tokenLifetime
    guard let token = try? issue(claims) else {
      return .oauthError(.internalServerError, "server_error", "The token could not be signed")
    }
    var json = JSONWriter(capacity: 2048)
    json.beginObject()
    json.field("access_token", token.text)
    json.field("token_type", "bearer")
    json.field("expires_in", Self.tokenLifetime.components.seconds - 1)
    json.field("scope", client.scopes.joined(separator: " "))
    json.field("sub", username ?? client.clientID)
    if let username { json.field("user_name", username) }
    json.field("auth_source", claims.authSource)
    json.field("jti", token.tokenID)
    json.field("iss", baseURL + "/issuer")
    json.endObject()
    return .json(.ok, json.bytes)
  }

  /// The client that the request names, by HTTP Basic or in the form, if its secret is right.
  private func client(
    _ authorization: String?,
    _ parameter: (String) -> String?
  ) -> DevelopmentClient? {
    var given: [(String, String)] = []
    if let authorization {
      guard let (name, secret) = Self.basicCredentials(authorization) else { return nil }
      given.append((name, secret))
      // Clients of RFC 6749 section 2.3.1 encode both; the front ends do not.
      if let name = PercentCoding.decode(name, plusIsBlank: true),
        let secret = PercentCoding.decode(secret, plusIsBlank: true)
      {
        given.append((name, secret))
      }
    } else if let name = parameter("client_id") {
      given.append((name, parameter("client_secret") ?? ""))
    }
    return clients.first { client in given.contains { $0 == (client.clientID, client.secret) } }
  }

  /// Name and password of an `Authorization: Basic` field (RFC 7617).
  static func basicCredentials(_ field: String) -> (name: String, password: String)? {
    let parts = field.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "basic" else { return nil }
    let urlSafe = parts[1].split(separator: "=", omittingEmptySubsequences: false)[0]
      .map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }
    guard let bytes = Base64URL.decode(String(urlSafe)) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let colon = text.firstIndex(of: ":") else { return nil }
    return (String(text[..<colon]), String(text[text.index(after: colon)...]))
  }

  // MARK: Keys

  private func keySet() -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("keys")
    json.beginArray()
    for key in state.withLock({ $0.keys }) {
      json.beginObject()
      json.field("kty", "RSA")
      json.field("use", "sig")
      json.field("alg", "RS256")
      json.field("kid", key.keyID)
      json.field("e", key.exponent)
      json.field("n", key.modulus)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.bytes
  }
}

extension ServerResponse {
  /// An error of the token endpoint (RFC 6749 section 5.2). The texts are our own and need no escaping.
  fileprivate static func oauthError(
    _ status: HTTPResponse.Status,
    _ error: String,
    _ description: String
  ) -> ServerResponse {
    .json(status, #"{"error":"\#(error)","error_description":"\#(description)"}"#)
  }
}
