internal import Crypto
internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import Observability
internal import ServiceKit
internal import SharedAuth
internal import Time

/// What all modules are built from.
struct SharedParts {
  let configuration: Configuration
  let urls: UpstreamURLs
  let client: HTTPClient
  let upstreamHealth: UpstreamHealth
  /// For the issuer's keys.
  let keysClient: HTTPClient
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

}

/// The checks of other services: one for each, whichever modules show it, and over connections of their own, so that
/// whoever asks for health takes none from those who work.
struct UpstreamHealth: Sendable {
  private let checks: [HTTPURL: HealthCheck]
  private let client: HTTPClient

  /// - Parameter client: for these alone.
  init(_ urls: UpstreamURLs, client: HTTPClient, timeout: Duration) {
    self.client = client
    let bases: Set = [urls.oauth, urls.prisonerSearch, urls.prisonAPI]
    checks = Dictionary(
      uniqueKeysWithValues: bases.map { ($0, .upstream("ping", base: $0, client: client, timeout: timeout)) }
    )
  }

  /// - Parameters:
  ///   - name: the component's.
  ///   - base: of one of the services that the gateway calls.
  func check(_ name: String, _ base: HTTPURL) -> HealthCheck {
    checks[base]?.named(name) ?? HealthCheck(name) { _ in .down("nothing is known at \(base)") }
  }

  /// Questions that begin from now on trust what this context does.
  func replaceTLS(_ context: TLSContext) { client.replaceTLS(context) }

  func shutdown() async { await client.shutdown() }
}
