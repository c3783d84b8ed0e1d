import Crypto
import EventLoops
import Synchronization
import TestKit
import Testing
import Time

@testable import SharedAuth

/// A token endpoint that tests steer.
private final class TokenEndpoint: Sendable {
  struct Refused: Error {}

  private struct State {
    var answer: Result<TokenResponse, any Error> = .success(TokenEndpoint.granted(expiresIn: "3599"))
    var bodies: [String] = []
    var authorization: String?
    var isHeld = false
    var held: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  static func granted(expiresIn: String) -> TokenResponse {
    TokenResponse(
      status: 200,
      body: Array(#"{"access_token":"token-#","token_type":"Bearer","expires_in":\#(expiresIn)}"#.utf8)
    )
  }

  func answer(_ answer: Result<TokenResponse, any Error>) { state.withLock { $0.answer = answer } }
  func answer(_ status: Int, _ body: String) {
    answer(.success(TokenResponse(status: status, body: Array(body.utf8))))
  }
  func hold() { state.withLock { $0.isHeld = true } }

  func release() {
    let held = state.withLock { state in
      state.isHeld = false
      defer { state.held = [] }
      return state.held
    }
    for continuation in held { continuation.resume() }
  }

  var bodies: [String] { state.withLock(\.bodies) }
  var authorization: String? { state.withLock(\.authorization) }
  var waiting: Int { state.withLock(\.held.count) }

  /// In a granted token, `#` becomes the number of the request.
  func request(_ request: TokenRequest) async throws -> TokenResponse {
    let number = state.withLock { state in
      state.bodies.append(request.body)
      state.authorization = request.authorization.reveal()
      return state.bodies.count
    }
    await withCheckedContinuation { continuation in
      let isHeld = state.withLock { state in
        if state.isHeld { state.held.append(continuation) }
        return state.isHeld
      }
      if !isHeld { continuation.resume() }
    }
    var response = try state.withLock(\.answer).get()
    response.body = Array(
      String(decoding: response.body, as: UTF8.self).replacing("#", with: "\(number)").utf8
    )
    return response
  }
}

private struct Client: Sendable {
  let endpoint = TokenEndpoint()
  let clock = ManualClock()
  let tokens: UpstreamTokens

  init(_ change: (inout UpstreamTokensConfiguration) -> Void = { _ in }) {
    var configuration = UpstreamTokensConfiguration(clientID: "client", clientSecret: Secret("s3cret"))
    change(&configuration)
    let endpoint = endpoint
    tokens = UpstreamTokens(configuration: configuration, logger: .silent, clock: clock) { request, _ in
      try await endpoint.request(request)
    }
  }

  func token(_ username: String? = nil, within: Duration = .seconds(10)) async throws -> Result<
    String, UpstreamTokenError
  > {
    try await Loops.run { () async -> Result<String, UpstreamTokenError> in
      do throws(UpstreamTokenError) {
        return .success(try await tokens.token(username: username, deadline: clock.now() + within))
      } catch {
        return .failure(error)
      }
    }
  }
}

/// Client credentials (docs/contract/upstreams.md §2.1, §2.2).
@Suite struct UpstreamTokensTests {
  @Test("The request is exactly the one that HMPPS Auth gets today")
  func requestForm() async throws {
    let plain = Client {
      $0.clientID = "a client:é"
      $0.clientSecret = Secret("pass word&+%/")
    }
    _ = try await plain.token().get()
    #expect(plain.endpoint.bodies == ["grant_type=client_credentials"])
    // The base64 of "a+client%3A%C3%A9:pass+word%26%2B%25%2F".
    let credentials = "YStjbGllbnQlM0ElQzMlQTk6cGFzcyt3b3JkJTI2JTJCJTI1JTJG"
    #expect(plain.endpoint.authorization == "Basic " + credentials)
    let scoped = Client { $0.scope = "write" }
    _ = try await scoped.token().get()
    _ = try await scoped.token("USER1").get()
    _ = try await scoped.token("o'neil & co").get()
    #expect(
      scoped.endpoint.bodies == [
        "grant_type=client_credentials&scope=write",
        "grant_type=client_credentials&scope=write&username=USER1",
        "grant_type=client_credentials&scope=write&username=o%27neil+%26+co",
      ]
    )
  }

  @Test("A token is used until 60 seconds before it expires")
  func kept() async throws {
    let client = Client()
    #expect(try await client.token().get() == "token-1")
    client.clock.advance(by: .seconds(3538))
    #expect(try await client.token().get() == "token-1")
    client.clock.advance(by: .seconds(1))
    #expect(try await client.token().get() == "token-2")
  }

  @Test(
    "A life that is not said, or too short, is not kept; digits in a text count",
    arguments: [
      ("null", false), ("0", false), ("-5", false), ("\"soon\"", false), ("{}", false), ("60", false),
      ("1e400", true), ("9223372036854775808", true), ("61", true), ("\"3599\"", true), ("3599.5", true),
    ]
  )
  func lifetimes(_ expiresIn: String, isKept: Bool) async throws {
    let client = Client()
    client.endpoint.answer(.success(TokenEndpoint.granted(expiresIn: expiresIn)))
    #expect(try await client.token().get() == "token-1")
    #expect(try await client.token().get() == (isKept ? "token-1" : "token-2"))
  }

  @Test("Requests that come at once share one token request, one for each user name")
  func singleFlight() async throws {
    let client = Client()
    client.endpoint.hold()
    let all = Task {
      try await withThrowingTaskGroup(of: String.self) { group in
        for number in 0..<60 {
          group.addTask { try await client.token(["A", "B", nil][number % 3]).get() }
        }
        return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      }
    }
    try await eventually("three requests are in flight") { client.endpoint.waiting == 3 }
    client.endpoint.release()
    #expect(try await all.value.values.sorted() == [20, 20, 20])
    #expect(client.tokens.requestCount == 3)
  }

  @Test("A refusal reaches everybody who waits, and the next caller tries again")
  func failureIsShared() async throws {
    let client = Client()
    client.endpoint.hold()
    client.endpoint.answer(.failure(TokenEndpoint.Refused()))
    let all = (0..<5).map { _ in Task { try await client.token() } }
    try await eventually("a request is in flight") { client.endpoint.waiting == 1 }
    client.endpoint.release()
    for task in all {
      await #expect(throws: UpstreamTokenError.self) { try await task.value.get() }
    }
    client.endpoint.answer(.success(TokenEndpoint.granted(expiresIn: "3599")))
    #expect(try await client.token().get().hasPrefix("token-"))
  }

  @Test("A token that an upstream refuses is dropped, unless it is new")
  func evict() async throws {
    let client = Client()
    #expect(try await client.token().get() == "token-1")
    #expect(!client.tokens.evict("token-1"), "new: another would be refused as well")
    #expect(try await client.token().get() == "token-1")
    client.clock.advance(by: .seconds(5))
    #expect(client.tokens.evict("token-1"))
    #expect(client.tokens.evict("token-1"), "a token dropped by another request: try again")
    #expect(try await client.token().get() == "token-2")
  }

  @Test(
    "While the issuer is away or refuses us, a token that is due or was refused is used as long as it lives",
    arguments: [503, 401, 400]
  )
  func issuerAway(status: Int) async throws {
    let client = Client()
    #expect(try await client.token().get() == "token-1")
    client.clock.advance(by: .seconds(5))
    client.endpoint.answer(status, #"{"error":"invalid_client"}"#)
    #expect(client.tokens.evict("token-1"))
    #expect(try await client.token().get() == "token-1", "an upstream refused it, but there is no other")
    client.clock.advance(by: .seconds(3599 - 5 - 30))
    #expect(try await client.token().get() == "token-1", "due for renewal")
    client.clock.advance(by: .seconds(31))
    await #expect(throws: UpstreamTokenError.self) { try await client.token().get() }
    client.endpoint.answer(.success(TokenEndpoint.granted(expiresIn: "3599")))
    #expect(try await client.token().get().hasPrefix("token-"))
  }

  @Test("A refused token makes way for another once the issuer grants one")
  func doubtful() async throws {
    let client = Client()
    #expect(try await client.token().get() == "token-1")
    client.clock.advance(by: .seconds(5))
    #expect(client.tokens.evict("token-1"))
    #expect(try await client.token().get() == "token-2")
    #expect(try await client.token().get() == "token-2")
  }

  @Test("Tokens are kept for so many user names, those used last")
  func bounded() async throws {
    let client = Client { $0.capacity = 10 }
    for number in 0..<100 {
      _ = try await client.token("USER\(number)").get()
      #expect(try await client.token("USER0").get() == "token-1")
    }
    #expect(client.tokens.requestCount == 100)
    #expect(try await client.token("USER1").get() == "token-101")
  }

  @Test("User names that only look the same have tokens of their own")
  func userNamesAreBytes() async throws {
    let client = Client()
    #expect(try await client.token("JOS\u{c9}").get() == "token-1")
    #expect(try await client.token("JOSE\u{301}").get() == "token-2")
    #expect(try await client.token("").get() == "token-3")
    #expect(try await client.token().get() == "token-4")
  }

  @Test("A caller waits until its own deadline; the request goes on")
  func deadline() async throws {
    let client = Client()
    client.endpoint.hold()
    let impatient = Task { try await client.token(within: .milliseconds(20)) }
    try await eventually("the caller waits") { client.clock.timers == 1 }
    client.clock.advance(by: .milliseconds(19))
    #expect(client.clock.timers == 1)
    client.clock.advance(by: .milliseconds(1))
    #expect(try await impatient.value == .failure(.timedOut))
    client.endpoint.release()
    #expect(try await client.token().get() == "token-1")
    #expect(client.tokens.requestCount == 1)
  }

  @Test("A cancelled caller stops waiting")
  func cancelled() async throws {
    let client = Client()
    client.endpoint.hold()
    let task = Task(executorPreference: Loops.shared.any()) {
      () async -> Result<String, UpstreamTokenError> in
      do throws(UpstreamTokenError) {
        return .success(try await client.tokens.token(deadline: client.clock.now() + .seconds(60)))
      } catch {
        return .failure(error)
      }
    }
    try await eventually("the request is in flight") { client.endpoint.waiting == 1 }
    task.cancel()
    #expect(await task.value == .failure(.cancelled))
    client.endpoint.release()
  }

  @Test(
    "Failures say what the services replaced say",
    arguments: [
      (
        400, #"{"error":"invalid_grant","error_description":"Bad credentials"}"#,
        "[invalid_grant] Bad credentials"
      ),
      (400, #"{"error":"invalid_scope"}"#, "[invalid_scope] "),
      (400, "no JSON", "[invalid_token_response] \(attempt)status 400"),
      (
        401, #"{"error":"invalid_client","error_description":"Bad client credentials"}"#,
        "[invalid_token_response] \(attempt)status 401"
      ),
      (503, "", "[invalid_token_response] \(attempt)status 503"),
      (200, "[]", "[invalid_token_response] \(attempt)token_type is not bearer"),
      (
        200, #"{"access_token":"x","token_type":"mac"}"#,
        "[invalid_token_response] \(attempt)token_type is not bearer"
      ),
      (
        200, #"{"access_token":"","token_type":"bearer"}"#,
        "[invalid_token_response] \(attempt)access_token is not a token"
      ),
      (
        200, #"{"access_token":"a\r\nX: y","token_type":"bearer"}"#,
        "[invalid_token_response] \(attempt)access_token is not a token"
      ),
      (400, "{\"error\":\"a\\r\\nb\",\"error_description\":\"\\u0000\"}", "[a b]  "),
    ]
  )
  func failures(_ status: Int, _ body: String, _ text: String) async throws {
    let client = Client()
    client.endpoint.answer(status, body)
    guard case .failure(let error) = try await client.token() else {
      Issue.record("a token came")
      return
    }
    #expect(error.text == text)
  }

  private static let attempt =
    "An error occurred while attempting to retrieve the OAuth 2.0 Access Token Response: "

  @Test("An issuer that cannot be reached, and an error of the sender's own")
  func unreachable() async throws {
    let client = Client()
    client.endpoint.answer(.failure(TokenEndpoint.Refused()))
    #expect(
      try await client.token() == .failure(.unreachable(reason: "The token issuer could not be reached"))
    )
    client.endpoint.answer(.failure(UpstreamTokenError.timedOut))
    #expect(try await client.token() == .failure(.timedOut))
  }
}
