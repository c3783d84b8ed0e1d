import Crypto
import Foundation
import SharedAuth
import TestKit
import Testing

/// The token rows of docs/contract/platform.md §11, for each service under each mounting; what is tested there with
/// clocks and forged headers is in SharedAuthTests.
@Suite("docs/contract/platform.md §11: Tokens")
struct TokenTests {
  private func metadata(_ client: SurfaceClient) -> String {
    #"resource_metadata="http://\#(client.authority)/.well-known/oauth-protected-resource""#
  }

  @Test(
    "1: no token is 401, empty, on a business path and on an unknown one",
    .sharedGateway,
    arguments: Surface.all
  )
  func noToken(surface: Surface) async throws {
    try await withGateway(at: surface) { (_, client) async throws in
      for path in [surface.read, "/nowhere"] {
        let answer = try await client.get(path)
        #expect(answer.status == 401)
        #expect(answer.body.isEmpty)
        #expect(answer.header("Content-Length") == "0")
        #expect(answer.header("WWW-Authenticate") == "Bearer \(metadata(client))")
        #expect(answer.header("X-Correlation-Id")?.isEmpty == false)
      }
    }
  }

  @Test(
    "2: a token expired 59 s ago is accepted, 61 s ago refused with its time",
    .sharedGateway,
    arguments: Surface.all
  )
  func expiry(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let accepted = try gateway.token(roles: surface.readers, expiresIn: -59)
      #expect(try await client.get(surface.read, token: accepted).status == 200)
      let refused = try await client.get(
        surface.read,
        token: gateway.token(roles: surface.readers, expiresIn: -61)
      )
      #expect(refused.status == 401)
      let challenge = try #require(refused.header("WWW-Authenticate"))
      #expect(
        challenge.hasPrefix(
          #"Bearer error="invalid_token", error_description="An error occurred while attempting to decode the Jwt: Jwt expired at 2023-12-05T12:33:55Z", error_uri="https://tools.ietf.org/html/rfc6750#section-3.1""#
        )
      )
      #expect(challenge.hasSuffix(metadata(client)))
    }
  }

  @Test("3: a token valid in 59 s is accepted, in 61 s refused", .sharedGateway, arguments: Surface.all)
  func notBefore(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      func token(in seconds: Int) throws -> String {
        try gateway.token(roles: surface.readers, claims: ["nbf": .number(gateway.epoch + seconds)])
      }
      #expect(try await client.get(surface.read, token: token(in: 59)).status == 200)
      let refused = try await client.get(surface.read, token: token(in: 61))
      #expect(refused.status == 401)
      #expect(refused.header("WWW-Authenticate")?.contains("Jwt used before 2023-12-05T12:35:57Z") == true)
    }
  }

  @Test(
    "4: no algorithm, the public key as a secret, and another hash are 401",
    .sharedGateway,
    arguments: Surface.all
  )
  func algorithms(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let key = try AuthDouble.key.get()
      let payload = try gateway.token(roles: surface.readers).split(separator: ".")[1]
      func signed(_ algorithm: String, _ sign: ([UInt8]) throws -> [UInt8]) throws -> String {
        let header: JSON = ["alg": .text(algorithm), "typ": "JWT", "kid": .text(key.keyID)]
        let text = "\(Base64URL.encode(header.encoded)).\(payload)"
        return "\(text).\(Base64URL.encode(try sign(Array(text.utf8))))"
      }
      #expect(try await client.get(surface.read, token: signed("RS256", key.sign)).status == 200)
      for token in [
        try signed("none") { _ in [] },
        try signed("HS256") { Digest.hmacSHA256(key: Array(key.modulus.utf8), message: $0) },
        try signed("RS512", key.sign),
      ] {
        let answer = try await client.get(surface.read, token: token)
        #expect(answer.status == 401)
        #expect(answer.header("WWW-Authenticate")?.contains(#"error="invalid_token""#) == true)
      }
    }
  }

  @Test("5: altered, cut and malformed tokens are refused", .sharedGateway, arguments: Surface.all)
  func malformed(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let good = try gateway.token(roles: surface.readers).split(separator: ".").map(String.init)
      let other = try gateway.token(roles: ["OTHER"]).split(separator: ".").map(String.init)
      for token in [
        "\(good[0]).\(other[1]).\(good[2])", "\(good[0]).\(good[1]).\(String(good[2].reversed()))", "a.b",
        "x y", "", "ä",
      ] {
        let answer = try await client.send(
          "GET",
          surface.read,
          headers: [("Authorization", "Bearer \(token)")]
        )
        #expect(answer.status == 401, "\(token)")
        #expect(answer.header("WWW-Authenticate")?.contains(#"error="invalid_token""#) == true)
      }
    }
  }

  @Test("6: a token of a new key is accepted after one fetch, which comes seconds after the last at most")
  func rotation() async throws {
    try await withGateway { (gateway) async throws in
      for surface in Surface.all {
        let token = try gateway.token(roles: surface.readers)
        #expect(try await gateway.at(surface).get(surface.read, token: token).status == 200)
      }
      #expect(gateway.auth.keyRequests == 1)
      gateway.auth.isRotated = true
      for surface in Surface.all {
        let token = try gateway.token(
          roles: surface.readers + [surface.testDescription],
          key: AuthDouble.nextKey.get()
        )
        let client = gateway.at(surface)
        try await eventually("the token is accepted") {
          try await client.get(surface.read, token: token).status == 200
        }
      }
      #expect(gateway.auth.keyRequests == 2)
    }
  }

  @Test("a new key's token is 503 with Retry-After, never 401, while the key endpoint is down, and then good")
  func rotationWhileDown() async throws {
    try await withGateway { (gateway) async throws in
      let old = try gateway.token(roles: [])
      #expect(try await gateway.get("/constants", token: old).status == 200)
      gateway.auth.isRotated = true
      gateway.auth.isDown = true
      let token = try gateway.token(roles: ["NEW"], key: AuthDouble.nextKey.get())
      for _ in 0..<50 {
        let answer = try await gateway.get("/constants", token: token)
        #expect(answer.status == 503)
        #expect(answer.header("WWW-Authenticate") == nil)
        let seconds = answer.header("Retry-After").flatMap { Int($0) }
        #expect((1...5).contains(try #require(seconds)))
        #expect(try await gateway.get("/constants", token: old).status == 200)
      }
      gateway.auth.isDown = false
      try await eventually("the token is accepted") {
        let status = try await gateway.get("/constants", token: token).status
        #expect(status != 401)
        return status == 200
      }
    }
  }

  @Test(
    "7, 8: unknown keys are refused, or asked to come again, after a bounded number of fetches, and harm no good token",
    arguments: Surface.all
  )
  func unknownKeys(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let good = try gateway.token(roles: surface.readers)
      #expect(try await client.get(surface.read, token: good).status == 200)
      for index in 0..<100 {
        let unknown = try gateway.token(roles: [], keyID: "unknown-\(index)")
        let answer = try await client.get(surface.read, token: unknown)
        #expect(answer.status == 401 || answer.status == 503)
        // Another fetch begins in so many seconds at most.
        let seconds = answer.header("Retry-After").flatMap { Int($0) }
        #expect(answer.status == 401 ? seconds == nil : (1...5).contains(try #require(seconds)))
      }
      // One at the start, and one for each ten seconds or so that a slow machine takes for this.
      #expect(gateway.auth.keyRequests <= 10)
      gateway.auth.isDown = true
      let another = try gateway.token(roles: [], keyID: "another")
      #expect(try await client.get(surface.read, token: another).status == 503)
      #expect(try await client.get(surface.read, token: gateway.reader()).status == 200)
    }
  }

  @Test("9: claims of the wrong shape are 401", .sharedGateway, arguments: Surface.all)
  func claimShapes(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      for claims: [String: JSON] in [
        ["client_id": .null], ["authorities": "ROLE_X"], ["user_name": 5], ["client_id": 1],
      ] {
        let answer = try await client.get(surface.read, token: gateway.token(roles: [], claims: claims))
        #expect(answer.status == 401)
      }
    }
  }

  @Test("10: an authority without ROLE_ satisfies no role rule", .sharedGateway, arguments: Surface.all)
  func unprefixedAuthority(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let roles: JSON = ["READ_NON_ASSOCIATIONS", "SAR_DATA_ACCESS"]
      let token = try gateway.token(roles: [], claims: ["authorities": roles])
      if surface.service == .nonAssociations {
        #expect(try await client.get("/non-associations/1", token: token).status == 403)
      }
      #expect(try await client.get("/subject-access-request?crn=X", token: token).status == 403)
    }
  }

  @Test("11: scopes as a text and as a list are the same", .sharedGateway, arguments: Surface.nonAssociations)
  func scopes(surface: Surface) async throws {
    for scope: JSON in ["read write", ["read", "write"]] {
      try await withGateway(at: surface) { (gateway, client) async throws in
        let token = try gateway.token(roles: ["WRITE_NON_ASSOCIATIONS"], user: "U", claims: ["scope": scope])
        #expect(try await client.post(surface.write, CreateTests.body, token: token).status == 201)
        try await gateway.database.run("delete from non_association")
      }
    }
  }

  @Test(
    "12: without a user the client is the principal, whom a create does not do",
    .sharedGateway,
    arguments: Surface.all
  )
  func principal(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let token = try gateway.token(roles: ["WRITE_NON_ASSOCIATIONS"])
      switch surface.service {
      case .nonAssociations:
        let answer = try await client.post(surface.write, CreateTests.body, token: token)
        #expect(answer.status == 401)
        #expect(try answer.json["errorCode"] == 401)
        #expect(answer.header("WWW-Authenticate") == nil)
      case .restrictedPatients:
        gateway.prisonAPI.stubBooking()
        gateway.prisonAPI.stubDischarge()
        let answer = try await client.post(surface.write, Patients.dischargeBody(), token: token)
        #expect(answer.status == 201)
        #expect(try answer.json["createUserId"] == "test-client")
        try await gateway.database.run("delete from restricted_patients")
      }
    }
  }

  @Test("13: the public paths need no token, known or not", .sharedGateway, arguments: Surface.all)
  func publicPaths(surface: Surface) async throws {
    try await withGateway(at: surface) { (_, client) async throws in
      for path in [
        "/webjars/x", "/favicon.ico", "/csrf", "/health", "/health/ping", "/health/liveness",
        "/health/readiness", "/health/x", "/info", "/h2-console/x", "/v3/api-docs",
        "/v3/api-docs/swagger-config", "/swagger-ui/index.html", "/swagger-ui.html",
        "/.well-known/oauth-protected-resource",
      ] {
        #expect(try await client.get(path).status != 401, "\(path)")
      }
      #expect(try await client.get("/v3/api-docs.yaml").status == 401)
      for probe in ["ping", "liveness", "readiness"] {
        let answer = try await client.get("/health/\(probe)")
        #expect(answer.status == 200)
        #expect(answer.text == #"{"status":"UP"}"#)
      }
      let isOpen = surface.service == .nonAssociations && surface.mounting != .union
      if isOpen { #expect(try await client.send("PUT", "/queue-admin/retry-all-dlqs").status == 200) }
    }
  }

  @Test("14: a bad token is refused on public paths, too", .sharedGateway, arguments: Surface.all)
  func badTokenOnPublicPath(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let expired = try gateway.token(roles: [], expiresIn: -61)
      for path in ["/health/ping", "/health/readiness", "/health", "/info", "/swagger-ui/index.html"] {
        #expect(try await client.get(path, token: expired).status == 401, "\(path)")
      }
    }
  }

  @Test("while no key could ever be fetched, a token is answered 503, not refused", arguments: Surface.all)
  func noKeys(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      gateway.auth.isDown = true
      let answer = try await client.get(surface.read, token: gateway.token(roles: []))
      #expect(answer.status == 503)
      #expect(answer.header("Retry-After") != nil)
    }
  }
}
