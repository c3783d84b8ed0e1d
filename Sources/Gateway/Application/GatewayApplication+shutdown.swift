internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Observability
internal import Postgres
internal import ServiceKit
internal import Time

extension GatewayApplication {
  /// Stops: readiness is refused at once, and no more messages are taken; requests are for `SERVER_DRAIN_TIME`, each
  /// answered with `Connection: close`, and those in flight finish; then everything is given back. All of it is over in
  /// `SERVER_SHUTDOWN_TIMEOUT`, and what is stuck is left behind.
  func shutdown() async {
    let plan = StopPlan(now: .now(), draining: drainTime, limit: shutdownTimeout)
    readiness.beginShutdown()
    dailyCheck?.cancel()
    certificates.stop()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.stage("requests", by: plan.messagesEnd) { await $0.finishRequests(plan) } }
      group.addTask {
        await self.stage("consumers", by: plan.messagesEnd) {
          await $0.events.stopConsuming(by: plan.requestsEnd)
        }
      }
    }
    await stage("relays", by: plan.messagesEnd) { await $0.events.stopPublishing() }
    await stage("connections", by: plan.end) { application in
      await application.metricsServer?.shutdown(within: .zero)
      await application.observability.metrics.stop()
      await application.messaging.stop()
      await application.client.shutdown()
      await application.upstreamHealth.shutdown()
      await application.keysClient.shutdown()
      await application.restrictedPatients.shutdown()
      await application.database.shutdown()
    }
    await stage("exporters", by: plan.end) { await $0.observability.shutdown() }
  }

  private func finishRequests(_ plan: StopPlan) async {
    let now = MonotonicInstant.now()
    async let served: Void = server.shutdown(
      within: plan.requestsEnd.duration(since: now),
      draining: plan.drainEnd.duration(since: now)
    )
    // Whoever watches a feed is told to go once nobody comes any more: who comes again must find another process.
    try? await Task.sleep(for: plan.drainEnd.duration(since: now))
    events.closeFeeds()
    await served
  }

  private func stage(
    _ name: String,
    by deadline: MonotonicInstant,
    _ work: @escaping @Sendable (GatewayApplication) async -> Void
  ) async {
    await StopStage(name: name, logger: logger).run(by: deadline) { await work(self) }
  }
}
