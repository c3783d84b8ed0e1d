internal import Crypto
internal import HTTPTransport
internal import HTTPTypes
internal import JSON

/// The token endpoint (RFC 6749 §3.2; docs/contract/upstreams.md §2).
extension AuthDouble {
  func token(_ request: ServerRequest) async -> ServerResponse {
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
    let lifetime = parameter("lifetime").map { Self.lifetime($0) } ?? usualLifetime
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
  ) -> SampleClient? {
    var given: [(String, String)] = []
    if let authorization {
      guard let (name, secret) = Self.basicCredentials(authorization) else { return nil }
      given.append((name, secret))
      // Clients of RFC 6749 §2.3.1 encode both; the front ends do not.
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
}

extension ServerResponse {
  /// An error of the token endpoint (RFC 6749 §5.2). The texts are our own and need no escaping.
  static func oauthError(
    _ status: HTTPResponse.Status,
    _ error: String,
    _ description: String
  ) -> ServerResponse {
    .json(status, #"{"error":"\#(error)","error_description":"\#(description)"}"#)
  }
}
