internal import JSON
internal import Text

/// The issuer's answer to a token request, as it came.
public struct TokenResponse: Sendable {
  /// The HTTP status code.
  public var status: Int
  public var body: [UInt8]

  public init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

/// A token that the issuer granted (RFC 6749 §5.1).
struct GrantedToken: Sendable {
  let token: String
  /// Seconds. 1 if the issuer says nothing sensible, which is too short to keep the token (docs/contract/upstreams.md
  /// §2.1).
  let lifetime: Int

  private static let longestLifetime = 86_400.0 * 365

  /// - Throws: `UpstreamTokenError.refused` or `invalidResponse`.
  init(_ response: TokenResponse) throws(UpstreamTokenError) {
    let members = (try? JSONValue(parsing: response.body, .noDuplicates))?.object ?? [:]
    guard response.status == 200 else { throw Self.error(response.status, members) }
    guard members["token_type"]?.string?.asciiLowercased == "bearer" else {
      throw .invalidResponse(reason: "token_type is not bearer")
    }
    guard let token = members["access_token"]?.string, !token.isEmpty, token.utf8.allSatisfy(Self.isVisible)
    else {
      throw .invalidResponse(reason: "access_token is not a token")
    }
    self.token = token
    lifetime = Self.lifetime(members["expires_in"])
  }

  private static func error(_ status: Int, _ members: [String: JSONValue]) -> UpstreamTokenError {
    guard status == 400, let error = members["error"]?.string else {
      return .invalidResponse(reason: "status \(status)")
    }
    let description = members["error_description"]?.string ?? ""
    return .refused(error: shortened(error), description: shortened(description))
  }

  /// Another service's text goes into answers and logs: not too long, and on one line.
  private static func shortened(_ text: String) -> String {
    String(
      text.prefix(200).map {
        $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f } ? $0 : " "
      }
    )
  }

  /// Whether a byte may stand in a header field without a blank.
  private static func isVisible(_ byte: UInt8) -> Bool { (0x21..<0x7f).contains(byte) }

  private static func lifetime(_ value: JSONValue?) -> Int {
    let seconds = value?.double ?? value?.string.flatMap(Int.init).map(Double.init) ?? 0
    return seconds >= 1 ? Int(min(seconds, longestLifetime)) : 1
  }
}
