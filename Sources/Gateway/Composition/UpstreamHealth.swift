internal import EventLoops
internal import HTTPTransport
internal import ServiceKit

/// The checks of other services: one for each, whichever modules show it, and over connections of their own, so that
/// whoever asks for health takes none from those who work.
struct UpstreamHealth: Sendable {
  private let checks: [HTTPURL: HealthCheck]
  private let client: HTTPClient

  /// - Parameters:
  ///   - bases: of the services that the gateway calls.
  ///   - client: for these alone.
  init(_ bases: [HTTPURL], client: HTTPClient, timeout: Duration) {
    self.client = client
    checks = Dictionary(
      bases.map { ($0, .upstream("ping", base: $0, client: client, timeout: timeout)) }
    ) { first, _ in first }
  }

  /// - Parameters:
  ///   - name: the component's.
  ///   - base: of one of the services that the gateway calls; nil, or another, is always down.
  func check(_ name: String, _ base: HTTPURL?) -> HealthCheck {
    base.flatMap { checks[$0] }?.named(name) ?? HealthCheck(name) { _ in .down("nothing is known of it") }
  }

  /// Questions that begin from now on trust what this context does.
  func replaceTLS(_ context: TLSContext) { client.replaceTLS(context) }

  func shutdown() async { await client.shutdown() }
}
