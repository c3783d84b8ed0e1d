internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import Observability
internal import ServiceKit
internal import SharedAuth

/// What all modules are built from.
struct SharedParts {
  let configuration: Configuration
  let urls: UpstreamURLs
  let client: HTTPClient
  let london: LondonTime
  let clock: any WallClock
  let observability: GatewayObservability
  let readiness: ReadinessState
  let messaging: Messaging
  let bus: EventBus
  /// What the all-in-one profile adds to the console; nil outside of it.
  let localRoutes: [RouteDeclaration]?
  let logger: Logger

  /// Tokens for calling other services as one client.
  /// - Parameter module: whose client it is.
  func upstreamTokens(of module: String, clientID: String, clientSecret: String) -> UpstreamTokens {
    let tokens = UpstreamTokens(
      configuration: UpstreamTokensConfiguration(clientID: clientID, clientSecret: Secret(clientSecret)),
      logger: logger,
      client: client,
      issuer: urls.oauth
    )
    observability.metrics.add(tokens, module: module)
    return tokens
  }

  /// A component of `/health` for another service.
  func upstreamCheck(_ name: String, _ base: HTTPURL) -> HealthCheck {
    .upstream(name, base: base, client: client, timeout: configuration.about.healthTimeout)
  }
}
