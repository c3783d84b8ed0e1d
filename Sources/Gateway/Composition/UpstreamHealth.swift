internal import EventLoops
internal import HTTPTransport
internal import ServiceKit

/// The checks of other services: one for each and each time that it may take, whichever modules show it, and over
/// connections of their own, so that whoever asks for health takes none from those who work.
struct UpstreamHealth: Sendable {
  /// One ping.
  struct Question: Hashable {
    let base: HTTPURL
    let timeout: Duration
  }

  private let checks: [Question: HealthCheck]
  private let client: HTTPClient

  /// - Parameters:
  ///   - questions: of the services that the gateway calls.
  ///   - client: for these alone.
  init(_ questions: [Question], client: HTTPClient) {
    self.client = client
    checks = Dictionary(
      questions.map { ($0, .upstream("ping", base: $0.base, client: client, timeout: $0.timeout)) }
    ) { first, _ in first }
  }

  /// - Parameters:
  ///   - name: the component's.
  ///   - base: of one of the services that the gateway calls; nil, or another, is always down.
  func check(_ name: String, _ base: HTTPURL?, within timeout: Duration) -> HealthCheck {
    base.flatMap { checks[Question(base: $0, timeout: timeout)] }?.named(name)
      ?? HealthCheck(name) { _ in .down("nothing is known of it") }
  }

  /// Questions that begin from now on trust what this context does.
  func replaceTLS(_ context: TLSContext) { client.replaceTLS(context) }

  func shutdown() async { await client.shutdown() }
}
