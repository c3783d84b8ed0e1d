internal import Crypto
internal import JSON
internal import Text

/// A signed token in its compact form (RFC 7515 §7.1), taken apart and not yet believed.
///
/// Of the header only what is listed here is read: keys and the places of keys that a token brings along (`jwk`,
/// `jku`, `x5u`, `x5c`) never count (RFC 8725 §3.10).
struct JSONWebSignature {
  /// The header's `alg`.
  let algorithm: String
  let keyID: String?
  let type: String?
  /// Whether the header has `crit`, in whatever form: this reader understands no extension (RFC 7515 §4.1.11).
  let hasCriticalExtensions: Bool
  /// The claims, as JSON text.
  let payload: [UInt8]
  let signature: [UInt8]

  private let token: [UInt8]
  private let signingInputCount: Int

  /// The bytes that were signed.
  var signingInput: ArraySlice<UInt8> { token[..<signingInputCount] }

  /// - Throws: `TokenError.malformedToken` unless the token is three non-empty parts in canonical base64url, the first
  ///   an object with an `alg`; `TokenError.unsecured` if that is `none`, whether or not a signature follows.
  init(_ token: [UInt8]) throws(TokenError) {
    let dots = token.indices.filter { token[$0] == UInt8(ascii: ".") }
    guard dots.count == 2 else { throw .malformedToken }
    guard let headerText = Base64URL.decode(token[..<dots[0]]) else { throw .malformedToken }
    guard let header = (try? JSONValue(parsing: headerText, .noDuplicates))?.object else {
      throw .malformedToken
    }
    guard let algorithm = header["alg"]?.string else { throw .malformedToken }
    guard algorithm != "none" else { throw .unsecured }
    let payload = Base64URL.decode(token[(dots[0] + 1)..<dots[1]])
    let signature = Base64URL.decode(token[(dots[1] + 1)...])
    guard let payload, !payload.isEmpty, let signature, !signature.isEmpty else { throw .malformedToken }
    self.algorithm = algorithm
    keyID = try Self.text("kid", of: header)
    type = try Self.text("typ", of: header)
    hasCriticalExtensions = header["crit"] != nil
    self.payload = payload
    self.signature = signature
    self.token = token
    signingInputCount = dots[1]
  }

  private static func text(_ name: String, of header: [String: JSONValue]) throws(TokenError) -> String? {
    guard let value = header[name] else { return nil }
    guard let text = value.string else { throw .malformedToken }
    return text
  }

  /// Whether `typ` is absent, blank or `JWT` in any case (docs/contract/platform.md §1.2).
  var isTypeAccepted: Bool {
    guard let type else { return true }
    return type.allSatisfy(\.isWhitespace) || type.asciiLowercased == "jwt"
  }
}
