import Crypto
import HTTPTransport
import Logging
import ServiceKit
import SharedAuth

/// Clients of other services, beside the module's own.
enum OtherClients {
  /// A client with a token of its own.
  static func upstream(_ baseURL: HTTPURL, over client: HTTPClient) -> UpstreamClient {
    UpstreamClient(
      baseURL: baseURL,
      client: client,
      tokens: UpstreamTokens(
        configuration: UpstreamTokensConfiguration(clientID: "id", clientSecret: Secret("secret")),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        clock: client.clock
      ) { _, _ in
        let body = #"{"access_token":"token","token_type":"bearer","expires_in":3600}"#
        return TokenResponse(status: 200, body: Array(body.utf8))
      },
      timeout: .seconds(5)
    )
  }
}
