internal import JSON
internal import Time

/// The claims of a token (RFC 7519 §4, docs/contract/platform.md §1.4).
struct TokenClaims {
  private let members: [String: JSONValue]
  /// `exp`; nil means that the token never expires.
  let expiry: Timestamp?
  /// `nbf`.
  let notBefore: Timestamp?

  /// - Throws: `TokenError.malformedPayload` unless the payload is a JSON object whose dates are numbers.
  init(_ payload: [UInt8]) throws(TokenError) {
    guard let members = (try? JSONValue(parsing: payload, .noDuplicates))?.object else {
      throw .malformedPayload
    }
    self.members = members
    expiry = try Self.date("exp", of: members)
    notBefore = try Self.date("nbf", of: members)
  }

  /// A NumericDate (RFC 7519 §2): seconds, whole or not, held to what a `Timestamp` can say.
  private static func date(_ name: String, of members: [String: JSONValue]) throws(TokenError) -> Timestamp? {
    guard let value = members.present(name) else { return nil }
    guard let seconds = value.double, seconds.isFinite else { throw .malformedPayload }
    let microseconds = (seconds * 1_000_000).rounded(.down)
    if microseconds >= 0x1p63 { return Timestamp(microseconds: .max) }
    if microseconds <= -0x1p63 { return Timestamp(microseconds: .min) }
    return Timestamp(microseconds: Int64(microseconds))
  }

  var issuer: String? { members["iss"]?.string }

  /// Whether the token may only be used with a proof of a key (RFC 9449 §6.1).
  var isBoundToKey: Bool { members["cnf"]?.object?.present("jkt") != nil }

  /// Who the token speaks for.
  /// - Throws: `TokenError.malformedClaim` when a claim is missing or has the wrong type.
  func principal() throws(TokenError) -> Principal {
    guard let clientID = members["client_id"]?.string else { throw .malformedClaim("client_id") }
    let userName = try text("user_name")
    let subject = try text("sub")
    var authorities: [String] = []
    if let value = members.present("authorities") {
      guard let names = value.strings else { throw .malformedClaim("authorities") }
      authorities += names
    }
    for scope in try scopes() { authorities.append(Principal.scopePrefix + scope) }
    return Principal(clientID: clientID, userName: userName, subject: subject, authorities: authorities)
  }

  private func text(_ name: String) throws(TokenError) -> String? {
    guard let value = members.present(name) else { return nil }
    guard let text = value.string else { throw .malformedClaim(name) }
    return text
  }

  /// A value that is neither a list nor a text gives no scope, as with the services replaced.
  private func scopes() throws(TokenError) -> [String] {
    let name = members.present("scope") == nil ? "scp" : "scope"
    switch members[name] {
    case .string(let text): return text.split(separator: " ").map(String.init)
    case .array:
      guard let scopes = members[name]?.strings else { throw .malformedClaim(name) }
      return scopes
    default: return []
    }
  }
}
