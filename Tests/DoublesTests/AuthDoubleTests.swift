import Crypto
import Foundation
import HTTPTransport
import HTTPTypes
import TestKit
import Testing
import Time

@testable import Doubles

/// The double of HMPPS Auth on real sockets; its tokens are checked by joserfc.
@Suite("Double of HMPPS Auth")
struct AuthDoubleTests {
  private static let basic: HeaderFields = [
    // hmpps-non-associations-ui:clientsecret
    .authorization: "Basic aG1wcHMtbm9uLWFzc29jaWF0aW9ucy11aTpjbGllbnRzZWNyZXQ=",
    .contentType: "application/x-www-form-urlencoded",
  ]

  private func with(_ body: (AuthDouble, _ url: String) async throws -> Void) async throws {
    let auth = AuthDouble(key: try SigningKey.generate(), clock: SystemClock())
    try await Loopback.serving({ await auth.respond(to: $0) }) { url in
      auth.baseURL = url + "/auth"
      try await body(auth, url + "/auth")
    }
  }

  @Test("A system token with a user verifies elsewhere and says what docs/contract/upstreams.md §2.4 lists")
  func systemTokenWithUser() async throws {
    try await with { _, url async throws in
      let before = Int(Date().timeIntervalSince1970)
      let answer = try await Loopback.send(
        .post,
        url + "/oauth/token",
        Self.basic,
        body: "grant_type=client_credentials&username=STAFF_USER1"
      )
      #expect(answer.status == .ok)
      #expect(answer.fields[.contentType] == "application/json")
      let fields = try answer.json()
      #expect(fields["token_type"] as? String == "bearer")
      #expect(fields["expires_in"] as? Int == 3599)
      #expect(fields["scope"] as? String == "read write")
      #expect(fields["sub"] as? String == "STAFF_USER1")
      #expect(fields["user_name"] as? String == "STAFF_USER1")
      #expect(fields["auth_source"] as? String == "none")
      #expect(fields["refresh_token"] == nil)
      let keySet = try await Loopback.send(.get, url + "/.well-known/jwks.json").text
      let token = try VerifiedToken(try #require(fields["access_token"] as? String), keySet: keySet)
      #expect(token.header["alg"] as? String == "RS256")
      #expect(token.header["typ"] as? String == "JWT")
      #expect(token.header["kid"] != nil)
      #expect(token.claims["sub"] as? String == "STAFF_USER1")
      #expect(token.claims["user_name"] as? String == "STAFF_USER1")
      #expect(token.claims["client_id"] as? String == "hmpps-non-associations-ui")
      #expect(token.claims["grant_type"] as? String == "client_credentials")
      #expect(
        token.claims["authorities"] as? [String] == [
          "ROLE_READ_NON_ASSOCIATIONS", "ROLE_WRITE_NON_ASSOCIATIONS",
        ]
      )
      #expect(token.claims["scope"] as? [String] == ["read", "write"])
      #expect(token.claims["iss"] as? String == url + "/issuer")
      #expect(token.claims["jti"] as? String == fields["jti"] as? String)
      let expiry = try #require(token.claims["exp"] as? Int)
      #expect((before + 3600...before + 3660).contains(expiry))
    }
  }

  @Test("A system token without a user has the client as its subject and no user name")
  func systemToken() async throws {
    try await with { _, url async throws in
      let answer = try await Loopback.send(
        .post,
        url + "/oauth/token",
        [.contentType: "application/x-www-form-urlencoded"],
        body: "grant_type=client_credentials&client_id=reporting-client&client_secret=clientsecret"
      )
      let fields = try answer.json()
      #expect(fields["sub"] as? String == "reporting-client")
      #expect(fields["user_name"] == nil)
      let keySet = try await Loopback.send(.get, url + "/.well-known/jwks.json").text
      let token = try VerifiedToken(try #require(fields["access_token"] as? String), keySet: keySet)
      #expect(token.claims["sub"] as? String == "reporting-client")
      #expect(token.claims["user_name"] == nil)
      #expect(token.claims["authorities"] as? [String] == ["ROLE_READ_NON_ASSOCIATIONS"])
    }
  }

  @Test("Parameters may come in the query, and the Basic credentials form-encoded")
  func otherForms() async throws {
    try await with { _, url async throws in
      let inQuery = try await Loopback.send(
        .post,
        url + "/oauth/token?grant_type=client_credentials&username=A%20B",
        Self.basic
      )
      #expect(try inQuery.json()["sub"] as? String == "A B")
      let encoded = Data("hmpps%2Dnon%2Dassociations%2Dui:client%73ecret".utf8).base64EncodedString()
      let answer = try await Loopback.send(
        .post,
        url + "/oauth/token",
        [.authorization: "Basic \(encoded)"],
        body: "grant_type=client_credentials"
      )
      #expect(answer.status == .ok)
    }
  }

  @Test(
    "A wrong secret, an unknown client, none at all and broken credentials get 401 and the sample's body",
    arguments: [
      "Basic b3BzLWNsaWVudDp3cm9uZw==", "Basic bm9ib2R5OnNlY3JldA==", "Basic !!!", "Basic", "Bearer x", nil,
    ]
  )
  func wrongClient(authorization: String?) async throws {
    try await with { _, url async throws in
      var fields: HeaderFields = [.contentType: "application/x-www-form-urlencoded"]
      fields[.authorization] = authorization
      let answer = try await Loopback.send(
        .post,
        url + "/oauth/token",
        fields,
        body: "grant_type=client_credentials"
      )
      #expect(answer.status == .unauthorized)
      #expect(answer.text == #"{"error":"invalid_client","error_description":"Bad client credentials"}"#)
    }
  }

  @Test("Another grant type gets 400 in the OAuth form")
  func otherGrant() async throws {
    try await with { _, url async throws in
      let answer = try await Loopback.send(
        .post,
        url + "/oauth/token",
        Self.basic,
        body: "grant_type=password"
      )
      #expect(answer.status == .badRequest)
      #expect(try answer.json()["error"] as? String == "unsupported_grant_type")
    }
  }

  @Test("After a rotation both keys are published and the new one signs")
  func rotation() async throws {
    try await with { auth, url async throws in
      let old = try #require(
        try auth.issuer?.issue(TokenIssuer.Claims(clientID: "c", roles: ["A"], scopes: []))
      )
      try auth.rotateKey()
      let new = try #require(
        try auth.issuer?.issue(TokenIssuer.Claims(clientID: "c", roles: ["A"], scopes: []))
      )
      let answer = try await Loopback.send(.get, url + "/.well-known/jwks.json")
      #expect(try (answer.json()["keys"] as? [Any])?.count == 2)
      let oldKey = try VerifiedToken(old.text, keySet: answer.text).header["kid"] as? String
      let newKey = try VerifiedToken(new.text, keySet: answer.text).header["kid"] as? String
      #expect(oldKey != newKey)
    }
  }

  @Test("The health ping answers, and another path is 404")
  func ping() async throws {
    try await with { _, url async throws in
      #expect(try await Loopback.send(.get, url + "/health/ping").text == #"{"status":"UP"}"#)
      #expect(try await Loopback.send(.get, url + "/elsewhere").status == .notFound)
    }
  }
}
