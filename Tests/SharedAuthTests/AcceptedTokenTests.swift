import Testing
import Text

@testable import SharedAuth

/// Tokens that are good, and what is read from them (docs/contract/platform.md §1.4).
@Suite struct AcceptedTokenTests {
  @Test(
    "A good token is accepted, at its first use and at the next",
    arguments: [
      "good", "signedByB", "withoutKeyID", "signedByBWithoutKeyID", "goodWithForeignJWK", "withoutType",
      "typeEmpty", "typeBlank", "typeLower", "typeMixed", "emptyAudience", "certificateBound", "long",
      "expired59", "expired60", "early59", "early60", "expiryFraction", "withoutExpiry", "expiryNull",
      "expiryHuge", "expiryInt64Max", "expiryInt64Over", "notBeforeNull", "notBeforeNegative",
      "notBeforeFarPast", "nullUserName",
    ]
  )
  func accepted(_ name: String) async throws {
    let issuer = Issuer()
    for _ in 0..<2 { #expect(try (try await issuer.verify(name)).get().clientID == "reporting-client") }
    #expect(issuer.verifier.rememberedTokens == 1)
    #expect(issuer.endpoint.fetches == 1)
  }

  @Test("A key that says neither what it is for nor what it is called is used")
  func plainKeys() async throws {
    #expect(try (try await Issuer("withoutAlg").verify("good")).get().clientID == "reporting-client")
    #expect(
      try (try await Issuer("withoutKeyID").verify("withoutKeyID")).get().clientID == "reporting-client"
    )
    #expect(try (try await Issuer("leadingZero").verify("good")).get().clientID == "reporting-client")
    #expect(try await Issuer("withoutKeyID").verify("good") == .failure(.noMatchingKey))
  }

  @Test("A client that acts for itself is the principal")
  func client() async throws {
    let principal = try (try await Issuer().verify("good")).get()
    #expect(principal.userName == nil)
    #expect(principal.name == "reporting-client")
    #expect(principal.subject == "reporting-client")
    #expect(principal.authorities == ["ROLE_READ_NON_ASSOCIATIONS", "ROLE_SAR_DATA_ACCESS", "SCOPE_read"])
  }

  @Test("A user is the principal, through a client")
  func user() async throws {
    let principal = try (try await Issuer().verify("user")).get()
    #expect(principal.name == "STAFF_USER1")
    #expect(principal.clientID == "front-end-client")
    #expect(principal.subject == "STAFF_USER1")
    #expect(principal.hasRole("TRANSFER_RESTRICTED_PATIENT"))
    #expect(principal.hasScope("write"))
  }

  @Test("Scopes are a list or a text, in scope or else in scp", arguments: ["scopeText", "scopeList", "scp"])
  func scopes(_ name: String) async throws {
    let principal = try (try await Issuer().verify(name)).get()
    #expect(principal.authorities.isSuperset(of: ["SCOPE_read", "SCOPE_write"]))
    #expect(principal.hasScope("write") && principal.hasScope("SCOPE_write"))
  }

  @Test("A scope that is neither gives none, and no authorities give no roles")
  func noScopes() async throws {
    let issuer = Issuer()
    let roles: Set<ByteText> = ["ROLE_READ_NON_ASSOCIATIONS", "ROLE_SAR_DATA_ACCESS"]
    #expect(try (try await issuer.verify("scopeNumber")).get().authorities == roles)
    #expect(try (try await issuer.verify("noAuthorities")).get().authorities == ["SCOPE_read"])
  }

  @Test("An authority without its prefix is no role")
  func unprefixed() async throws {
    let principal = try (try await Issuer().verify("unprefixedRole")).get()
    #expect(principal.authorities.contains("READ_NON_ASSOCIATIONS"))
    #expect(!principal.hasRole("READ_NON_ASSOCIATIONS"))
    #expect(!principal.hasRole("ROLE_READ_NON_ASSOCIATIONS"))
    #expect(!AccessRule.requires(role: "READ_NON_ASSOCIATIONS").allows(principal))
  }

  @Test("Expiry and issuer are demanded where the policy says so")
  func policy() async throws {
    var policy = TokenPolicy()
    policy.requiresExpiry = true
    policy.issuer = "http://localhost:9090/auth/issuer"
    let issuer = Issuer(policy: policy)
    #expect(try (try await issuer.verify("good")).get().clientID == "reporting-client")
    #expect(try await issuer.verify("withoutExpiry") == .failure(.missingExpiry))
    policy.issuer = "http://other"
    #expect(try await Issuer(policy: policy).verify("good") == .failure(.wrongIssuer))
  }
}
