public import EventLoops
public import HTTPTransport
internal import HTTPTypes
internal import ServiceKit
internal import SharedAuth
internal import Synchronization

/// A double of HMPPS Auth for development and tests (upstreams.md §2, §5): it signs sample users in, gives clients
/// tokens, publishes its keys, and tells front ends of users. Anybody may be anybody here: it is never for production.
public final class DevelopmentAuth: Sendable {
  public let clients: [DevelopmentClient]
  public let faults = FaultPlan()

  /// How long a token is good for: one hour.
  public static let tokenLifetime = Duration.seconds(3600)

  let clock: any WallClock
  let codes: AuthorizationCodes
  private let state: Mutex<State>

  private struct State {
    /// The first signs; all are published.
    var keys: [SigningKey]
    /// Of tokens whose request does not say how long they are to last.
    var lifetime = DevelopmentAuth.tokenLifetime
    /// The base URL, with `/auth`.
    var baseURL = "http://localhost/auth"
  }

  /// - Parameters:
  ///   - key: signs tokens until `rotateKey()`.
  ///   - spare: published besides it, as Auth publishes one before it signs with it.
  public init(
    key: SigningKey,
    spare: SigningKey? = nil,
    clients: [DevelopmentClient] = DevelopmentClient.all,
    clock: any WallClock
  ) {
    self.clients = clients
    self.clock = clock
    codes = AuthorizationCodes(clock: clock)
    state = Mutex(State(keys: [key] + (spare.map { [$0] } ?? [])))
  }

  /// The keys whose tokens are good: the first signs.
  var keys: [SigningKey] { state.withLock { $0.keys } }

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

  /// Publishes the key that signs, and no other: what others have signed is good no more.
  public func withdrawOldKeys() { state.withLock { $0.keys = Array($0.keys.prefix(1)) } }

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
    case (.get, ["auth", "oauth", "authorize"]): return signInPage(request)
    case (.post, ["auth", "oauth", "authorize"]): return await signIn(request)
    case (.get, ["auth", "sign-out"]): return signOut(request)
    case (.get, ["auth", "account-details"]): return accountDetails(request)
    case (.post, ["auth", "development"]): return await behave(request)
    case (.get, ["auth", ".well-known", "jwks.json"]): return .json(.ok, keySet())
    case (.get, ["auth", "health", "ping"]): return .ping
    default: return answerForUser(request, segments) ?? .notFound
    }
  }

  /// `POST /auth/development`, for trying out a bad day: `rotateKeys=true` signs with a new key, `withdrawKeys=true`
  /// publishes no other, `tokenLifetime=90` makes tokens from now on last so many seconds, fewer than none too.
  private func behave(_ request: ServerRequest) async -> ServerResponse {
    let form = QueryParameters(form: (try? await request.body()) ?? [])
    if form["rotateKeys"] == "true" {
      guard (try? rotateKey()) != nil else {
        return .oauthError(.internalServerError, "server_error", "No key could be made")
      }
    }
    if form["withdrawKeys"] == "true" { withdrawOldKeys() }
    if let lifetime = form["tokenLifetime"] { state.withLock { $0.lifetime = Self.lifetime(lifetime) } }
    let (keys, lifetime) = state.withLock { ($0.keys.count, $0.lifetime.components.seconds) }
    return .json(.ok, #"{"keys":\#(keys),"tokenLifetime":\#(lifetime)}"#)
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
    let lifetime = parameter("lifetime").map { Self.lifetime($0) } ?? state.withLock { $0.lifetime }
    switch parameter("grant_type") {
    case "client_credentials" where client.signsUsersIn, "authorization_code" where !client.signsUsersIn:
      return .oauthError(.badRequest, "unauthorized_client", "Unauthorized grant type")
    case "client_credentials":
      let username = parameter("username").flatMap { $0.isEmpty ? nil : $0 }
      return answer(TokenIssuer.Claims(client, username: username), lifetime)
    case "authorization_code":
      let grant = parameter("code").flatMap {
        codes.use($0, clientID: client.clientID, redirectURI: parameter("redirect_uri") ?? "")
      }
      guard let grant else {
        return .oauthError(.badRequest, "invalid_grant", "Invalid authorization code")
      }
      let isUsual = grant.tokenLifetime == Self.tokenLifetime
      return answer(TokenIssuer.Claims(grant.user, client: client), isUsual ? lifetime : grant.tokenLifetime)
    default: return .oauthError(.badRequest, "unsupported_grant_type", "Unsupported grant type")
    }
  }

  private func answer(_ wanted: TokenIssuer.Claims, _ lifetime: Duration) -> ServerResponse {
    var claims = wanted
    claims.lifetime = lifetime
    guard let token = try? issue(claims) else {
      return .oauthError(.internalServerError, "server_error", "The token could not be signed")
    }
    var json = JSONWriter(capacity: 2048)
    json.beginObject()
    json.field("access_token", token.text)
    json.field("token_type", "bearer")
    json.field("expires_in", max(0, lifetime.components.seconds - 1))
    json.field("scope", claims.scopes.joined(separator: " "))
    json.field("sub", claims.username ?? claims.clientID)
    if let username = claims.username { json.field("user_name", username) }
    json.field("auth_source", claims.authSource)
    if let user = claims.user {
      json.field("user_id", user.userID)
      json.field("user_uuid", user.userUUID)
      json.field("name", user.name)
    }
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
