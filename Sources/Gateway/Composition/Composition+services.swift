internal import Concurrency
internal import EventLoops
internal import Events
internal import HTTPTransport
internal import ModuleKit
internal import Observability
internal import Postgres
internal import ServiceKit
internal import Synchronization
internal import Time

extension Composition {
  /// The long-lived parts, in the order in which they are made ready. What an earlier one gives, a later one uses.
  /// - Parameter names: whether the broker has what is configured, asked while the schemas are brought up to date.
  func services(_ stopping: Stopping, names: @escaping @Sendable () async throws -> Void) -> ServiceList {
    ServiceList(
      [exporters(stopping)] + modules.map { database(of: $0, stopping) } + [
        upstreamClients(stopping), broker(stopping, names), metrics(stopping), relays(stopping),
        consumers(stopping), server(stopping), certificateWatch(stopping), jobs(stopping),
      ],
      stopping,
      logger: logger
    )
  }

  /// Last of all to stop: the others still have something to tell.
  private func exporters(_ stopping: Stopping) -> LongLivedService {
    LongLivedService("exporters", stopping, clock: platform.group, logger: logger) { [platform] _ in
      await platform.observability.shutdown()
    }
  }

  private func database(of module: ComposedModule, _ stopping: Stopping) -> LongLivedService {
    let watch = SchemaWatch(module, every: schemaInterval, logger: logger)
    return LongLivedService(
      "database \(module.name)",
      stopping,
      clock: platform.group,
      logger: logger,
      ready: { [logger] in
        try await module.migrations(logger).apply()
        watch.start()
      },
      stop: { _ in
        watch.stop()
        await module.database.shutdown()
      }
    )
  }

  private func upstreamClients(_ stopping: Stopping) -> LongLivedService {
    LongLivedService("upstream clients", stopping, clock: platform.group, logger: logger) {
      [platform, modules] _ in
      for module in modules { await module.closeClients() }
      await platform.shutdown()
    }
  }

  /// Ready without an answer: what cannot be reached is gone on without (docs/decisions/0002-serves-without-its-broker.md).
  private func broker(
    _ stopping: Stopping,
    _ names: @escaping @Sendable () async throws -> Void
  ) -> LongLivedService {
    LongLivedService(
      "broker",
      stopping,
      clock: platform.group,
      logger: logger,
      ready: { [messaging, platform] in
        try await names()
        try await messaging.prepare(by: platform.group)
      },
      stop: { [messaging] _ in await messaging.stop() }
    )
  }

  /// Before the server in the list, so that a stop can be watched to its end.
  private func metrics(_ stopping: Stopping) -> LongLivedService {
    LongLivedService(
      "metrics listener",
      stopping,
      clock: platform.group,
      logger: logger,
      ready: { [metricsListener] in try await metricsListener?.listen() },
      stop: { [metricsListener, platform] _ in
        await metricsListener?.server.shutdown(within: .zero)
        await platform.observability.metrics.stop()
      }
    )
  }

  private func relays(_ stopping: Stopping) -> LongLivedService {
    LongLivedService(
      "relays",
      stopping,
      by: \.messagesEnd,
      clock: platform.group,
      logger: logger,
      ready: { [events] in await events.startPublishing() },
      stop: { [events] _ in await events.stopPublishing() }
    )
  }

  /// Take no more messages as soon as a stop begins, while requests are still drained.
  private func consumers(_ stopping: Stopping) -> LongLivedService {
    LongLivedService(
      "consumers",
      stopping,
      stops: .atOnce,
      by: \.messagesEnd,
      clock: platform.group,
      logger: logger,
      ready: { [events] in await events.startConsuming() },
      stop: { [events] plan in await events.stopConsuming(by: plan.requestsEnd) }
    )
  }

  private func server(_ stopping: Stopping) -> LongLivedService {
    LongLivedService(
      "server",
      stopping,
      by: \.messagesEnd,
      clock: platform.group,
      logger: logger,
      ready: { [listener] in try await listener.listen() },
      stop: { [listener, events, platform] plan in
        let now = platform.group.now()
        async let served: Void = listener.server.shutdown(
          within: plan.requestsEnd.duration(since: now),
          draining: plan.drainEnd.duration(since: now)
        )
        // Whoever watches a feed is told to go once nobody comes any more: who comes again must find another process.
        await platform.group.pause(for: plan.drainEnd.duration(since: now))
        events.closeFeeds()
        await served
      }
    )
  }

  private func certificateWatch(_ stopping: Stopping) -> LongLivedService {
    LongLivedService(
      "certificates",
      stopping,
      clock: platform.group,
      logger: logger,
      ready: { [certificates] in certificates.start() },
      stop: { [certificates] _ in certificates.stop() }
    )
  }

  /// What modules do by themselves, each on a loop.
  private func jobs(_ stopping: Stopping) -> LongLivedService {
    let running = Mutex<[Task<Void, Never>]>([])
    return LongLivedService(
      "jobs",
      stopping,
      clock: platform.group,
      logger: logger,
      ready: { [modules, platform] in
        let schedules = modules.flatMap(\.instance.jobs).compactMap(\.schedule)
        running.withLock { running in
          running = schedules.map { schedule in
            Task(executorPreference: platform.group.any()) { await schedule() }
          }
        }
      },
      // Not waited for: a job that is cancelled goes on in another replica, or tomorrow.
      stop: { _ in
        for job in running.withLock({ $0 }) { job.cancel() }
      }
    )
  }
}
