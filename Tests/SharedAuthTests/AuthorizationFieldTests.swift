import Testing

@testable import SharedAuth

/// Which `Authorization` fields are bearer tokens (docs/contract/platform.md §1.1).
@Suite struct AuthorizationFieldTests {
  private static let good = SignedTokens.shared.token("good")

  @Test(
    "No field, or another scheme, is an anonymous caller",
    arguments: [nil, "", "Basic eDp5", "Bear x", "b"]
  )
  func anonymous(_ field: String?) async throws {
    #expect(try await Issuer().verify(field: field) == .failure(.missing))
    let principal = try await Loops.run { try await Issuer().verifier.authenticate(authorization: field) }
    #expect(principal == nil)
  }

  @Test("The scheme may be in any case", arguments: ["Bearer", "bearer", "BEARER", "bEaReR"])
  func scheme(_ scheme: String) async throws {
    #expect(try await Issuer().verify(field: "\(scheme) \(Self.good)").get().clientID == "reporting-client")
  }

  @Test(
    "A field that means a bearer token and is none is refused",
    arguments: [
      "Bearer", "Bearer ", "bearer", "Bearerx", "Bearer  \(good)", "Bearer \(good) ", "Bearer x y",
      "Bearer\t\(good)", "Bearer \(good), Bearer \(good)", "Bearer é", "Bearer a=b", "Bearer =", "Bearer ==",
      "Bearer \"a\"", "Bearer a\u{0}", "Bearer-\(good)", "BearerToken",
    ]
  )
  func malformed(_ field: String) async throws {
    #expect(
      try await Issuer().verify(field: field) == .failure(.invalid(description: "Bearer token is malformed"))
    )
  }

  @Test("A refused token is refused where none is needed, too")
  func openRoute() async throws {
    let field = "Bearer " + SignedTokens.shared.token("expired61")
    await #expect(throws: TokenError.self) {
      try await Loops.run { try await Issuer().verifier.authenticate(authorization: field) }
    }
  }
}
