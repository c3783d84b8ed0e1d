/// Why a request has no principal.
public enum TokenError: Error, Sendable, Hashable {
  /// No bearer token came: the caller is anonymous. 401, form A of the contract (docs/contract/platform.md §1.6).
  case missing
  /// The token is refused, on public paths too. 401, form B, with this description, which is written for the caller
  /// and holds nothing of the token but its times (docs/contract/platform.md §1.2).
  case invalid(description: String)
  /// No key could be had to check the token with: 503, because the token may be good (docs/contract/platform.md §13 row
  /// 3). Another try makes sense in so many seconds.
  case keysUnavailable(retryAfter: Int)
}

extension TokenError {
  static let malformedHeader = TokenError.invalid(description: "Bearer token is malformed")
  static let malformedToken = undecodable("Malformed token")
  static let malformedPayload = undecodable("Malformed payload")
  static let unsecured = TokenError.invalid(description: "Unsupported algorithm of none")
  static let noMatchingKey = undecodable(
    "Signed JWT rejected: Another algorithm expected, or no matching key(s) found"
  )
  static let invalidSignature = undecodable("Signed JWT rejected: Invalid signature")
  static let wrongType = undecodable("the given typ value needs to be one of [JWT]")
  static let missingExpiry = undecodable("exp is required")
  static let wrongIssuer = undecodable("The iss claim is not valid")
  /// The token is bound to a key of the client (RFC 9449 §6.1) and came as a plain bearer token.
  static let boundToKey = TokenError.invalid(description: "Invalid bearer token")

  static func malformedClaim(_ name: String) -> TokenError { undecodable("Malformed claim \(name)") }

  static func undecodable(_ reason: String) -> TokenError {
    .invalid(description: "An error occurred while attempting to decode the Jwt: \(reason)")
  }
}
