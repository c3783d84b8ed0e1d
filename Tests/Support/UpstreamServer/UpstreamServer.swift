import Crypto
import EventLoops
public import HTTPTransport
import Logging
public import ServiceKit
import SharedAuth
import Synchronization
import Testing

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
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: nil,
      group: group,
      logger: logger,
      responder: responder
    )
    let loopback = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
    let address = try await server.start(address: loopback)
    let client = HTTPClient(group: group)
    let upstream = UpstreamClient(
      baseURL: try HTTPURL("http://\(address)"),
      client: client,
      tokens: tokens(refusing: refusedUser, within: tokenTimeout, after: tokenDelay, group, logger),
      timeout: timeout
    )
    let result = await Task(executorPreference: group.any()) { () async -> Result<Void, any Error> in
      do { return .success(try await body(upstream)) } catch { return .failure(error) }
    }.value
    await client.shutdown()
    await server.shutdown(within: .zero)
    group.shutdown()
    try result.get()
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
