import TestKit
import Testing

@testable import SharedAuth

/// What becomes of a token once it has been verified.
@Suite struct RememberedTokenTests {
  @Test("A remembered token is refused once its time is over")
  func expires() async throws {
    let issuer = Issuer()
    _ = try (try await issuer.verify("expiresIn10")).get()
    issuer.clock.advance(by: .seconds(70))
    #expect(try await issuer.verify("expiresIn10").get().clientID == "reporting-client")
    issuer.clock.advance(by: .microseconds(1))
    let text = "An error occurred while attempting to decode the Jwt: Jwt expired at 2026-01-15T10:20:40Z"
    #expect(try await issuer.verify("expiresIn10") == .failure(.invalid(description: text)))
    #expect(issuer.verifier.rememberedTokens == 0)
    #expect(try await issuer.verify("expiresIn10") == .failure(.invalid(description: text)))
  }

  @Test("A remembered token is refused before its time, should the clock go back")
  func clockGoesBack() async throws {
    let issuer = Issuer()
    _ = try (try await issuer.verify("early59")).get()
    issuer.clock.advance(by: .seconds(-2))
    await #expect(throws: TokenError.self) { try await issuer.verify("early59").get() }
  }

  @Test("A remembered token dies with its key, and others do not")
  func keyWithdrawn() async throws {
    let issuer = Issuer()
    for name in ["good", "signedByB"] { _ = try (try await issuer.verify(name)).get() }
    issuer.endpoint.serve("b")
    issuer.monotonic.advance(by: .seconds(301))
    _ = try (try await issuer.verify("signedByB")).get()
    try await eventually("the keys are fetched again") { issuer.jwks.status.usableKeys == 1 }
    #expect(try await issuer.verify("good") == .failure(.noMatchingKey))
    #expect(try await issuer.verify("signedByB").get().clientID == "reporting-client")
    #expect(issuer.verifier.rememberedTokens == 1)
  }

  @Test("A key that is replaced under its own name stops counting")
  func keyReplaced() async throws {
    let issuer = Issuer("a")
    _ = try (try await issuer.verify("good")).get()
    issuer.endpoint.serve("bNamedA")
    issuer.monotonic.advance(by: .seconds(6))
    // A signature that does not match makes the keys be fetched, and the token waits for them.
    #expect(try await issuer.verify("signedByBNamedA").get().clientID == "reporting-client")
    #expect(issuer.endpoint.fetches == 2 && issuer.jwks.generation == 2)
    #expect(try await issuer.verify("good") == .failure(.invalidSignature))
  }

  @Test("A remembered token is recalled without a wait, by all of its bytes and for as long as it is good")
  func recalled() async throws {
    let issuer = Issuer()
    let token = SignedTokens.shared.token("expiresIn10")
    func recall(_ field: String) -> Principal? {
      issuer.verifier.recall(authorization: Array(field.utf8)[...])
    }
    #expect(recall("Bearer " + token) == nil)
    let principal = try (try await issuer.verify("expiresIn10")).get()
    #expect(recall("Bearer " + token) == principal)
    #expect(recall("bearer " + token) == principal)
    #expect(issuer.verifier.statistics.remembered == 2)
    let first = try #require(token.first)
    let tampered = (first == "e" ? "f" : "e") + token.dropFirst()
    for field in [tampered, String(token.dropFirst()), token + "A", ""] {
      #expect(recall("Bearer " + field) == nil, "\(field)")
    }
    #expect(recall("Basic " + token) == nil)
    issuer.clock.advance(by: .seconds(71))
    #expect(recall("Bearer " + token) == nil)
  }

  @Test("No more tokens are remembered than allowed")
  func bounded() async throws {
    let issuer = Issuer(cacheCapacity: 32)
    let names = [
      "good", "signedByB", "withoutKeyID", "user", "scopeText", "scopeList", "scp", "scopeNumber", "long",
    ]
    for name in names { _ = try (try await issuer.verify(name)).get() }
    #expect((1...32).contains(issuer.verifier.rememberedTokens))
    for name in names { _ = try (try await issuer.verify(name)).get() }
  }
}
