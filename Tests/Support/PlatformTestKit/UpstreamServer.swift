import Crypto
import EventLoops
public import HTTPTransport
import Logging
import ServerTestKit
public import ServiceKit
import SharedAuth
import Synchronization

/// Another service on loopback, which answers as it is told to, and a client that calls it with tokens `token-1`,
/// `token-2`, …
public enum UpstreamServer {
  /// Runs `body` on a loop.
  /// - Parameters:
  ///   - timeout: of the client, for one call.
  ///   - tokenTimeout: of the client, for a token.
  ///   - tokenDelay: how long a token takes.
  ///   - refusedUser: on whose behalf no token is granted.
  public static func run(
    timeout: Duration = .seconds(5),
    tokenTimeout: Duration = .seconds(30),
    tokenDelay: Duration = .zero,
    refusedUser: String? = nil,
    _ responder: @escaping Responder,
    _ body: @escaping @Sendable (UpstreamClient) async throws -> Void
  ) async throws {
    let group = try EventLoopGroup(count: 1)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let tokens = Self.tokens(refusing: refusedUser, within: tokenTimeout, after: tokenDelay, group, logger)
    defer { group.shutdown() }
    try await LoopbackServer.run(on: group, responder) { (url, client) async throws in
      let upstream = UpstreamClient(baseURL: url, client: client, tokens: tokens, timeout: timeout)
      try await Task(executorPreference: group.any()) { try await body(upstream) }.value
    }
  }

  private static func tokens(
    refusing user: String?,
    within timeout: Duration,
    after delay: Duration,
    _ group: EventLoopGroup,
    _ logger: Logger
  ) -> UpstreamTokens {
    var configuration = UpstreamTokensConfiguration(clientID: "id", clientSecret: Secret("secret"))
    configuration.minimumAge = .zero
    configuration.requestTimeout = timeout
    let granted = Counter()
    return UpstreamTokens(configuration: configuration, logger: logger, clock: group) { request, _ in
      if delay > .zero {
        try await Task.sleep(for: min(delay, timeout))
        guard delay < timeout else { throw UpstreamTokenError.timedOut }
      }
      if let user, request.body.hasSuffix("username=\(user)") {
        throw UpstreamTokenError.refused(error: "no", description: "none for \(user)")
      }
      let number = granted.count.wrappingAdd(1, ordering: .relaxed).newValue
      let body = #"{"access_token":"token-\#(number)","token_type":"bearer","expires_in":3600}"#
      return TokenResponse(status: 200, body: Array(body.utf8))
    }
  }

  private final class Counter: Sendable {
    let count = Atomic<Int>(0)
  }
}
