public import Crypto
public import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import Synchronization
public import Time

/// A double of HMPPS Auth for development and tests (docs/contract/upstreams.md §2, §5): it signs sample users in,
/// gives clients tokens, publishes its keys, and tells front ends of users. Anybody may be anybody here: it is never
/// for production.
public final class AuthDouble: Sendable {
  /// All clients that may ask for tokens.
  public let clients: [SampleClient]
  /// Faults that the next requests meet.
  public let faults = FaultPlan()

  /// How long a token is good for: one hour.
  public static let tokenLifetime = Duration.seconds(3600)

  let clock: any WallClock
  let codes: AuthorizationCodes
  private let state: Mutex<State>

  private struct State {
    /// The first signs; all are published.
    var keys: [SigningKey]
    /// `usualLifetime`.
    var lifetime = AuthDouble.tokenLifetime
    /// The base URL, with `/auth`.
    var baseURL = "http://localhost/auth"
  }

  /// - Parameters:
  ///   - key: signs tokens until `rotateKey()`.
  ///   - spare: published besides it, as Auth publishes one before it signs with it.
  public init(
    key: SigningKey,
    spare: SigningKey? = nil,
    clients: [SampleClient] = SampleClient.all,
    clock: any WallClock
  ) {
    self.clients = clients
    self.clock = clock
    codes = AuthorizationCodes(clock: clock)
    state = Mutex(State(keys: [key] + (spare.map { [$0] } ?? [])))
  }

  /// The keys whose tokens are good: the first signs.
  var keys: [SigningKey] { state.withLock { $0.keys } }

  /// Of tokens whose request does not say how long they are to last.
  var usualLifetime: Duration { state.withLock { $0.lifetime } }

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

  /// The token a user's browser session has once they have signed in at a front end (docs/contract/upstreams.md §2.4).
  /// - Parameters:
  ///   - client: the front end's client.
  ///   - lifetime: may be negative, for an expired token.
  /// - Throws: `SigningKey.Failure`.
  public func token(
    for user: SampleUser,
    client: SampleClient,
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
    of client: SampleClient,
    username: String? = nil,
    lifetime: Duration = tokenLifetime
  ) throws(SigningKey.Failure) -> String {
    var claims = TokenIssuer.Claims(client, username: username)
    claims.lifetime = lifetime
    return try issue(claims).text
  }

  func issue(_ claims: TokenIssuer.Claims) throws(SigningKey.Failure) -> TokenIssuer.IssuedToken {
    guard let issuer else { throw SigningKey.Failure(description: "there is no key") }
    return try issuer.issue(claims)
  }

  /// The HTTP side. Runs on the connection's loop.
  public func respond(to request: ServerRequest) async -> ServerResponse {
    let segments = request.head.target.segments
    if let fault = await faults.meet(path: "/" + segments.joined(separator: "/"), by: request.clock) {
      return fault
    }
    switch (request.head.method, segments) {
    case (.post, ["auth", "oauth", "token"]): return await token(request)
    case (.get, ["auth", "oauth", "authorize"]): return signInPage(request)
    case (.post, ["auth", "oauth", "authorize"]): return await signIn(request)
    case (.get, ["auth"]), (.get, ["auth", ""]): return welcome()
    case (.get, ["auth", "signed-in"]): return signedIn(request)
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
