internal import EventLoops
internal import HTTPTransport
internal import Logging
internal import ServiceKit
internal import SharedAuth

/// What all modules are built from.
struct SharedParts {
  let configuration: Configuration
  let urls: UpstreamURLs
  let client: HTTPClient
  let london: LondonTime
  let clock: any WallClock
  let telemetry: any Telemetry
  let readiness: ReadinessState
  let messaging: Messaging
  let logger: Logger

  /// Tokens for calling other services as one client.
  func upstreamTokens(clientID: String, clientSecret: String) -> UpstreamTokens {
    UpstreamTokens(
      configuration: UpstreamTokensConfiguration(clientID: clientID, clientSecret: Secret(clientSecret)),
      logger: logger,
      client: client,
      issuer: urls.oauth
    )
  }

  /// A component of `/health` for another service.
  func upstreamCheck(_ name: String, _ base: HTTPURL) -> HealthCheck {
    .upstream(name, base: base, client: client, timeout: configuration.about.healthTimeout)
  }
}
