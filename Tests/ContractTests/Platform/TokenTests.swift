import Testing

/// The token rows of platform.md section 11; what is tested there with clocks and forged headers is in SharedAuthTests.
@Suite("platform.md 11: Tokens")
struct TokenTests {
  static let metadata = #"resource_metadata="http://127.0.0.1:PORT/.well-known/oauth-protected-resource""#

  private func metadata(_ gateway: RunningGateway) -> String {
    Self.metadata.replacing("PORT", with: String(gateway.port))
  }

  @Test(
    "1: no token is 401, empty, on a business path and on an unknown one",
    arguments: ["/constants", "/nowhere"]
  )
  func noToken(path: String) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.get(path)
      #expect(answer.status == 401)
      #expect(answer.body.isEmpty)
      #expect(answer.header("Content-Length") == "0")
      #expect(answer.header("WWW-Authenticate") == "Bearer \(metadata(gateway))")
    }
  }

  @Test("2: a token expired 59 s ago is accepted, 61 s ago refused with its time")
  func expiry() async throws {
    try await withGateway { (gateway) async throws in
      let accepted = try gateway.token(roles: [], expiresIn: -59)
      #expect(try await gateway.get("/constants", token: accepted).status == 200)
      let refused = try await gateway.get("/constants", token: gateway.token(roles: [], expiresIn: -61))
      #expect(refused.status == 401)
      let challenge = try #require(refused.header("WWW-Authenticate"))
      #expect(
        challenge.hasPrefix(
          #"Bearer error="invalid_token", error_description="An error occurred while attempting to decode the Jwt: Jwt expired at 2023-12-05T12:33:55Z", error_uri="https://tools.ietf.org/html/rfc6750#section-3.1""#
        )
      )
      #expect(challenge.hasSuffix(metadata(gateway)))
    }
  }

  @Test("3: a token valid in 59 s is accepted, in 61 s refused")
  func notBefore() async throws {
    try await withGateway { (gateway) async throws in
      let accepted = try gateway.token(roles: [], claims: ["nbf": .number(gateway.epoch + 59)])
      #expect(try await gateway.get("/constants", token: accepted).status == 200)
      let refused = try await gateway.get(
        "/constants",
        token: gateway.token(roles: [], claims: ["nbf": .number(gateway.epoch + 61)])
      )
      #expect(refused.status == 401)
      #expect(refused.header("WWW-Authenticate")?.contains("Jwt used before 2023-12-05T12:35:57Z") == true)
    }
  }

  @Test("5: two parts, and two words after Bearer, are refused", arguments: ["a.b", "x y", "", "ä"])
  func malformed(token: String) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.send(
        "GET",
        "/constants",
        headers: [("Authorization", "Bearer \(token)")]
      )
      #expect(answer.status == 401)
      #expect(answer.header("WWW-Authenticate")?.contains(#"error="invalid_token""#) == true)
    }
  }

  @Test("7, 8: unknown keys are refused after a bounded number of fetches, and harm no good token")
  func unknownKeys() async throws {
    try await withGateway { (gateway) async throws in
      let good = try gateway.token(roles: [])
      #expect(try await gateway.get("/constants", token: good).status == 200)
      for index in 0..<100 {
        let unknown = try gateway.token(roles: [], keyID: "unknown-\(index)")
        #expect(try await gateway.get("/constants", token: unknown).status == 401)
      }
      #expect(gateway.auth.keyRequests <= 3)
      gateway.auth.isDown = true
      #expect(
        try await gateway.get("/constants", token: gateway.token(roles: [], keyID: "another")).status == 401
      )
      #expect(try await gateway.get("/constants", token: gateway.token(roles: ["OTHER"])).status == 200)
    }
  }

  @Test("9: claims of the wrong shape are 401")
  func claimShapes() async throws {
    try await withGateway { (gateway) async throws in
      for claims: [String: JSON] in [
        ["client_id": .null], ["authorities": "ROLE_X"], ["user_name": 5], ["client_id": 1],
      ] {
        let answer = try await gateway.get("/constants", token: gateway.token(roles: [], claims: claims))
        #expect(answer.status == 401)
      }
    }
  }

  @Test("10: an authority without ROLE_ satisfies no role rule")
  func unprefixedAuthority() async throws {
    try await withGateway { (gateway) async throws in
      let token = try gateway.token(roles: [], claims: ["authorities": ["READ_NON_ASSOCIATIONS"]])
      #expect(try await gateway.get("/non-associations/1", token: token).status == 403)
    }
  }

  @Test(
    "11: scopes as a text and as a list are the same",
    arguments: ["read write", ["read", "write"]] as [JSON]
  )
  func scopes(scope: JSON) async throws {
    try await withGateway { (gateway) async throws in
      let token = try gateway.token(roles: ["WRITE_NON_ASSOCIATIONS"], user: "U", claims: ["scope": scope])
      #expect(try await gateway.post("/non-associations", CreateTests.body, token: token).status == 201)
    }
  }

  @Test(
    "13, 14: probes need no token, but a bad one is refused there too",
    arguments: [
      "/health/ping", "/health/liveness", "/health/readiness",
    ]
  )
  func probes(path: String) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.get(path)
      #expect(answer.status == 200)
      #expect(answer.text == #"{"status":"UP"}"#)
      #expect(try await gateway.get(path, token: gateway.token(roles: [], expiresIn: -61)).status == 401)
    }
  }

  @Test("while no key could ever be fetched, a token is answered 503, not refused")
  func noKeys() async throws {
    try await withGateway { (gateway) async throws in
      gateway.auth.isDown = true
      let answer = try await gateway.get("/constants", token: gateway.token(roles: []))
      #expect(answer.status == 503)
      #expect(answer.header("Retry-After") != nil)
    }
  }
}
