import Testing

@testable import SharedAuth

/// Which tokens are refused, and with what text: every row of docs/contract/platform.md §1.2, what RFC 8725 warns of,
/// and what a token library was seen to accept.
@Suite struct RefusedTokenTests {
  private static let prefix = "An error occurred while attempting to decode the Jwt: "
  private static let noMatch =
    prefix + "Signed JWT rejected: Another algorithm expected, or no matching key(s) found"
  private static let badSignature = prefix + "Signed JWT rejected: Invalid signature"
  private static let malformed = prefix + "Malformed token"
  private static let malformedPayload = prefix + "Malformed payload"
  private static let wrongType = prefix + "the given typ value needs to be one of [JWT]"

  private func expect(_ name: String, _ text: String) async throws {
    let issuer = Issuer()
    for time in ["first", "second"] {
      #expect(
        try await issuer.verify(name) == .failure(.invalid(description: text)),
        "\(time) use of \(name)"
      )
    }
    #expect(issuer.verifier.rememberedTokens == 0, "a refused token is never remembered")
  }

  @Test(
    "An unsigned token is refused, and so is one that says it is",
    arguments: ["noneUnsigned", "noneSigned"]
  )
  func none(_ name: String) async throws { try await expect(name, "Unsupported algorithm of none") }

  @Test(
    "Only RS256 is an algorithm, spelt exactly so",
    arguments: [
      "alg'None'", "alg'NONE'", "alg'rs256'", "alg'RS256 '", "alg'RS25'", #"alg'RS256\x00'"#, "alg''",
      "RS384",
      "RS512", "PS256", "PS512", "ES256", "HS256WithPEM", "HS256WithDER", "HS256WithModulus",
    ]
  )
  func algorithm(_ name: String) async throws { try await expect(name, Self.noMatch) }

  @Test(
    "A signature by anything but the named key is refused",
    arguments: [
      "RS256WithPEM", "RS256WithDER", "RS256WithModulus", "RS512NamedRS256", "alteredPayload",
      "alteredSignature",
      "shorterSignature", "longerSignature", "zeroSignature", "oneSignature", "overModulusSignature",
      "otherPayload", "strangerNamedA", "strangerWithoutKeyID", "signedByBNamedA",
    ]
  )
  func signature(_ name: String) async throws { try await expect(name, Self.badSignature) }

  @Test(
    "Keys that a token brings along, or points to, are not used",
    arguments: ["jwk", "jwkNamedA", "jku", "x5u", "x5c"]
  )
  func ownKey(_ name: String) async throws { try await expect(name, Self.badSignature) }

  @Test(
    "A key name that the issuer does not use is refused, whatever it looks like",
    arguments: ["unknownKeyID", "pathKeyID", "queryKeyID", "emptyKeyID", "signedByWeak"]
  )
  func unknownKey(_ name: String) async throws { try await expect(name, Self.noMatch) }

  @Test(
    "Any critical extension is refused",
    arguments: ["crit", "critKnownName", "critEmpty", "critNull", "unencodedPayload"]
  )
  func critical(_ name: String) async throws { try await expect(name, Self.badSignature) }

  @Test(
    "A token has one spelling: three parts, canonical base64url, one JSON reading",
    arguments: [
      "standardAlphabet", "padded", "trailingBits", "headerTrailingBits", "oneCharacterMore", "fourParts",
      "twoParts", "onePart", "leadingDot", "withoutHeader", "withoutPayload", "withoutSignature", "dots",
      "tilde",
      "a.b", "algNumber", "algMissing", "numberKeyID", "typeNumber", "duplicateAlg", "headerArray",
      "headerNotJSON", "headerTail", "tooLong",
    ]
  )
  func spelling(_ name: String) async throws { try await expect(name, Self.malformed) }

  @Test(
    "Claims are one JSON object that can be read in one way",
    arguments: [
      "duplicateClaim", "duplicateEscaped", "duplicateNested", "payloadArray", "payloadText",
      "payloadNotJSON",
      "payloadTail", "payloadBOM", "payloadLatin1", "payloadOverlong", "payloadSurrogate", "payloadComment",
      "payloadDeep", "expiryText", "expiryObject", "expiryInfinite", "notBeforeText", "notBeforeObject",
      "notBeforeInfinite",
    ]
  )
  func payload(_ name: String) async throws { try await expect(name, Self.malformedPayload) }

  @Test("A type other than JWT is refused", arguments: ["typeAccessToken", "typeOther", "typeLong"])
  func type(_ name: String) async throws { try await expect(name, Self.wrongType) }

  @Test(
    "Claims of a wrong shape are refused, naming the claim",
    arguments: [
      ("noClientID", "client_id"), ("clientIDNumber", "client_id"), ("clientIDNull", "client_id"),
      ("userNameNumber", "user_name"), ("subjectNumber", "sub"), ("authoritiesText", "authorities"),
      ("authoritiesMixed", "authorities"), ("authoritiesNested", "authorities"), ("scopeMixed", "scope"),
    ]
  )
  func shape(_ name: String, _ claim: String) async throws {
    try await expect(name, Self.prefix + "Malformed claim \(claim)")
  }

  @Test("A token bound to a key of the client is no bearer token")
  func bound() async throws { try await expect("keyBound", "Invalid bearer token") }

  @Test(
    "A token over its time, with the leeway, is refused",
    arguments: [
      ("expired61", "Jwt expired at 2026-01-15T10:19:29Z"),
      ("expiryFractionOver", "Jwt expired at 2026-01-15T10:19:29Z"),
      ("expiryNegative", "Jwt expired at 1969-12-31T23:59:59Z"),
      ("early61", "Jwt used before 2026-01-15T10:21:31Z"),
    ]
  )
  func time(_ name: String, _ text: String) async throws { try await expect(name, Self.prefix + text) }

  @Test("Dates beyond the calendar are refused without harm", arguments: ["expiryFarPast", "notBeforeHuge"])
  func farDate(_ name: String) async throws {
    let description = try #require(Self.failure(try await Issuer().verify(name))?.description)
    #expect(description.hasPrefix(Self.prefix + "Jwt "))
  }

  @Test("A tampered token stays refused when the genuine one is remembered")
  func besideGenuine() async throws {
    let issuer = Issuer()
    for _ in 0..<2 { _ = try (try await issuer.verify("good")).get() }
    for name in ["alteredPayload", "alteredSignature", "trailingBits", "padded", "standardAlphabet"] {
      await #expect(throws: TokenError.self) { try await issuer.verify(name).get() }
    }
    let token = SignedTokens.shared.token("good")
    for field in ["Bearer\t\(token)", "Bearer=\(token)", "Bearer  \(token)", "Bearer \(token) "] {
      #expect(try await issuer.verify(field: field) == .failure(.malformedHeader))
    }
  }

  @Test("Refused tokens of every kind do not spoil the next good one, one that says PS512 first of all")
  func refusedFirst() async throws {
    let issuer = Issuer("withoutAlg")
    for name in ["PS512", "RS512", "HS256WithPEM", "noneSigned", "jwkNamedA", "zeroSignature"] {
      await #expect(throws: TokenError.self) { try await issuer.verify(name).get() }
    }
    #expect(try (try await issuer.verify("good")).get().clientID == "reporting-client")
  }

  private static func failure(_ result: Result<Principal, TokenError>) -> TokenError? {
    guard case .failure(let error) = result else { return nil }
    return error
  }
}
