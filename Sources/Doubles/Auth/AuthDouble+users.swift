internal import Crypto
internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import Time

/// What other services tell a front end of the user who has signed in, by that user's token (docs/contract/upstreams.md
/// §5.1): manage-users, nomis-user-roles, token verification and the shared page components.
extension AuthDouble {
  /// - Parameter segments: the path.
  /// - Returns: nil for a path that is none of theirs.
  func answerForUser(_ request: ServerRequest, _ segments: [String]) -> ServerResponse? {
    switch (request.head.method, segments) {
    case (.post, ["token", "verify"]):
      return .json(.ok, #"{"active":\#(bearer(of: request) != nil)}"#)
    case (.get, ["users", "me"]): return forUser(request) { $0.account }
    case (.get, ["me", "caseloads"]): return forUser(request) { $0.caseloadList }
    case (.get, ["components"]): return components(request)
    case (.get, ["components.css"]): return Self.componentStyle
    case (.get, ["favicon.ico"]): return DoublePage.icon
    // The components answer at the second, the others at the first.
    case (.get, ["health", "ping"]), (.get, ["ping"]): return .ping
    default: return nil
    }
  }

  private func forUser(_ request: ServerRequest, _ answer: (SampleUser) -> [UInt8]) -> ServerResponse {
    guard let username = bearer(of: request) else {
      return ServerResponse(status: .unauthorized, fields: [.wwwAuthenticate: "Bearer"])
    }
    guard let user = SampleUser.named(username) else { return .notFound }
    return .json(.ok, answer(user))
  }

  /// Whom the token of a request is about; nil unless one of our keys signed it and it is in its time.
  private func bearer(of request: ServerRequest) -> String? {
    guard let field = request.head.fields[.authorization] else { return nil }
    let parts = field.split(separator: " ")
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return subject(ofToken: String(parts[1]))
  }

  /// A signature of RS256 is the same whenever the same key makes it, so that checking it is making it again.
  func subject(ofToken token: String) -> String? {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let signature = Base64URL.decode(String(parts[2])) else { return nil }
    let signed = Array("\(parts[0]).\(parts[1])".utf8)
    guard keys.contains(where: { (try? $0.sign(signed)) == signature }),
      let payload = Base64URL.decode(String(parts[1])), let value = try? JSONValue(parsing: payload),
      let claims = try? JSONObject(value), let expiry = (try? claims.text("exp")).flatMap({ Int64($0) }),
      expiry > clock.now().seconds
    else { return nil }
    return try? claims.text("sub")
  }
}

extension SampleUser {
  /// As manage-users' `GET /users/me` tells it.
  fileprivate var account: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.field("username", username)
    json.field("name", name)
    json.field("active", true)
    json.field("authSource", authSource)
    json.fieldIfPresent("activeCaseLoadId", activeCaseLoadID)
    if let staffID { json.field("staffId", staffID) }
    json.field("userId", userID)
    json.field("uuid", userUUID)
    json.endObject()
    return json.bytes
  }

  /// As nomis-user-roles' `GET /me/caseloads` tells it.
  fileprivate var caseloadList: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.field("username", username)
    json.field("active", true)
    json.field("accountType", "GENERAL")
    if let active = activeCaseLoadID {
      json.key("activeCaseload")
      json.caseload(active)
    }
    json.key("caseloads")
    json.beginArray()
    for id in caseloads { json.caseload(id) }
    json.endArray()
    json.endObject()
    return json.bytes
  }
}

extension JSONWriter {
  fileprivate mutating func caseload(_ id: String) {
    beginObject()
    field("id", id)
    field("name", SampleAgency.name(of: id))
    endObject()
  }
}
