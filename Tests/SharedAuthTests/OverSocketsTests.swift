import Crypto
import EventLoops
import HTTPTransport
import HTTPTypes
import TestKit
import Testing
import Time

@testable import SharedAuth

/// Keys and tokens fetched by the HTTP client from a server, over real sockets.
@Suite struct OverSocketsTests {
  private func verifier(_ client: HTTPClient, _ base: HTTPURL, timeout: Duration = .seconds(5))
    -> TokenVerifier
  {
    var configuration = JWKSCacheConfiguration()
    configuration.fetchTimeout = timeout
    let jwks = JWKSCache(configuration: configuration, logger: .silent, client: client, issuer: base)
    return TokenVerifier(jwks: jwks, clock: SettableClock(SignedTokens.now))
  }

  private func verify(_ verifier: TokenVerifier) async throws -> Result<Principal, TokenError> {
    try await Loops.run { () async -> Result<Principal, TokenError> in
      do throws(TokenError) {
        return .success(
          try await verifier.verify(authorization: "Bearer " + SignedTokens.shared.token("good"))
        )
      } catch {
        return .failure(error)
      }
    }
  }

  private func token(_ tokens: UpstreamTokens, _ username: String? = nil) async throws -> Result<
    String, UpstreamTokenError
  > {
    try await Loops.run { () async -> Result<String, UpstreamTokenError> in
      do throws(UpstreamTokenError) {
        return .success(try await tokens.token(username: username, deadline: .now() + .seconds(10)))
      } catch {
        return .failure(error)
      }
    }
  }

  private func tokens(_ client: HTTPClient, _ base: HTTPURL, timeout: Duration = .seconds(5))
    -> UpstreamTokens
  {
    var configuration = UpstreamTokensConfiguration(
      clientID: "client",
      clientSecret: Secret("s3cret"),
      scope: "write"
    )
    configuration.requestTimeout = timeout
    return UpstreamTokens(configuration: configuration, logger: .silent, client: client, issuer: base)
  }

  @Test("Keys are fetched as the services replaced do it")
  func keys() async throws {
    try await IssuerServer.run { (server, base, client) async throws in
      let verifier = verifier(client, base)
      for _ in 0..<3 { #expect(try await verify(verifier).get().clientID == "reporting-client") }
      #expect(server.paths == ["/auth/.well-known/jwks.json"])
      #expect(server.lastFields[.accept] == "application/json, application/jwk-set+json")
      #expect(server.lastFields[.authorization] == nil)
    }
  }

  @Test("An issuer that fails, floods or hangs makes 503, and within the time set")
  func badIssuer() async throws {
    try await IssuerServer.run { (server, base, client) async throws in
      for behaviour in [IssuerServer.Behaviour.status(.internalServerError), .status(.found), .flood, .hang] {
        server.behave(behaviour)
        #expect(
          try await verify(verifier(client, base, timeout: .milliseconds(200)))
            == .failure(.keysUnavailable(retryAfter: 1))
        )
      }
    }
  }

  @Test("An issuer that is not there makes 503")
  func noIssuer() async throws {
    let client = HTTPClient(group: Loops.shared)
    let base = try HTTPURL("http://127.0.0.1:1/auth")
    #expect(try await verify(verifier(client, base)) == .failure(.keysUnavailable(retryAfter: 1)))
    #expect(
      try await token(tokens(client, base))
        == .failure(.unreachable(reason: "The token issuer could not be reached"))
    )
    await client.shutdown()
  }

  @Test("Tokens are asked for as the services replaced do it, and kept")
  func clientCredentials() async throws {
    try await IssuerServer.run { (server, base, client) async throws in
      let tokens = tokens(client, base)
      for _ in 0..<3 { #expect(try await token(tokens).get() == "token-1") }
      #expect(try await token(tokens, "USER1").get() == "token-2")
      #expect(server.paths == ["/auth/oauth/token", "/auth/oauth/token"])
      #expect(server.lastBody == "grant_type=client_credentials&scope=write&username=USER1")
      #expect(server.lastFields[.contentType] == "application/x-www-form-urlencoded")
      #expect(server.lastFields[.authorization] == "Basic Y2xpZW50OnMzY3JldA==")
    }
  }

  @Test("A hundred requests at once share one token request over the loops")
  func singleFlight() async throws {
    try await IssuerServer.run { (server, base, client) async throws in
      let tokens = tokens(client, base)
      let got = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<100 { group.addTask { try await token(tokens).get() } }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(got == ["token-1"])
      #expect(server.paths.count == 1)
    }
  }

  @Test("A token endpoint that fails or hangs gives its error in time")
  func badTokenEndpoint() async throws {
    try await IssuerServer.run { (server, base, client) async throws in
      server.behave(.status(.unauthorized))
      #expect(try await token(tokens(client, base)) == .failure(.invalidResponse(reason: "status 401")))
      server.behave(.flood)
      #expect(
        try await token(tokens(client, base))
          == .failure(.unreachable(reason: "The token issuer could not be reached"))
      )
      server.behave(.hang)
      #expect(try await token(tokens(client, base, timeout: .milliseconds(100))) == .failure(.timedOut))
    }
  }
}
