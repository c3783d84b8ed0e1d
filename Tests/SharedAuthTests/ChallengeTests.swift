import Testing

@testable import SharedAuth

/// The header of a 401 (docs/contract/platform.md §1.6).
@Suite struct ChallengeTests {
  private let challenge = BearerChallenge(scheme: "https", host: "host")
  private let metadata = #"resource_metadata="https://host/.well-known/oauth-protected-resource""#

  @Test("Form A")
  func formA() {
    #expect(challenge.value(for: .missing) == "Bearer \(metadata)")
    let local = BearerChallenge(scheme: "http", host: "[::1]:8080").missingToken
    #expect(local == #"Bearer resource_metadata="http://[::1]:8080/.well-known/oauth-protected-resource""#)
  }

  @Test("Form B")
  func formB() {
    let value =
      #"Bearer error="invalid_token", error_description="Jwt expired", "#
      + #"error_uri="https://tools.ietf.org/html/rfc6750#section-3.1", "# + metadata
    #expect(challenge.value(for: .invalid(description: "Jwt expired")) == value)
  }

  @Test("No keys is no 401")
  func unavailable() { #expect(challenge.value(for: .keysUnavailable(retryAfter: 1)) == nil) }

  @Test(
    "A text that would break the header is replaced",
    arguments: ["a\"b", "a\\b", "a\r\nb", "é", "\u{0}"]
  )
  func breakingText(_ text: String) {
    #expect(challenge.invalidToken(text).contains(#"error_description="Invalid token", error_uri"#))
  }

  @Test(
    "A host that would break the header is left out",
    arguments: ["", "a\"b", "a b", "a\r\nSet-Cookie: x", "é", "a,b"]
  )
  func breakingHost(_ host: String) {
    let challenge = BearerChallenge(scheme: "https", host: host)
    #expect(challenge.missingToken == "Bearer")
    #expect(challenge.invalidToken("x").hasSuffix(#"rfc6750#section-3.1""#))
  }

  @Test("A scheme is https or else http")
  func scheme() {
    #expect(BearerChallenge(scheme: "x\"", host: "h").missingToken.contains("\"http://h/"))
  }
}
