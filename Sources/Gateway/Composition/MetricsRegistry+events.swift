internal import EventLoops
internal import Events
internal import ServiceKit
internal import Time

extension MetricsRegistry {
  /// How outboxes and consumers are doing.
  /// - Parameter loop: where tables and queues are read in the background.
  func add(_ events: EventsRuntime, on loop: EventLoop) {
    addEvents(clock: loop) { await events.statistics() }
    for module in events.modules {
      addBacklog(of: module.name, on: loop) { try await events.backlog(of: module.name, deadline: $0) }
      addQueues(module.adminGroup.queues, module: module.name, on: loop)
    }
  }

  /// What this process has done, which it knows by itself.
  func addEvents(
    clock: any MonotonicClock,
    _ statistics: @escaping @Sendable () async -> [EventsRuntime.Statistics]
  ) {
    let reading = MomentaryReading(clock: clock, statistics)
    func published(_ name: String, _ help: String, _ value: @escaping @Sendable (OutboxStatistics) -> Int) {
      read(.counter, name: name, help: help) {
        await reading.value().map { MetricSample([("module", $0.module)], value($0.outbox)) }
      }
    }
    published("events_published_total", "Messages published by this process.") { $0.published }
    published("events_publish_failures_total", "Calls of the broker that failed while publishing.") {
      $0.failures
    }
    addConsumers(reading)
  }

  /// What waits in a module's outbox, whoever is to publish it.
  func addBacklog(
    of module: String,
    on loop: EventLoop,
    _ take: @escaping BackgroundReading<OutboxStatistics>.Take
  ) {
    let labels = [(name: "module", value: module)]
    let reading = background("outbox", labels: labels, on: loop, take)
    func outbox(_ name: String, _ help: String, _ value: @escaping @Sendable (OutboxStatistics) -> Double) {
      gauge(name: name, help: help, labels: labels) { reading.value().map(value) }
    }
    outbox("events_outbox_messages", "Messages committed and not yet published.") { Double($0.depth) }
    outbox(
      "events_outbox_oldest_age_seconds",
      "How long the oldest of them has waited; 0 without any."
    ) {
      $0.oldestAge?.inSeconds ?? 0
    }
    outbox("events_outbox_set_aside_messages", "Messages that no broker takes: a person must look.") {
      Double($0.setAside)
    }
  }

  private func addConsumers(_ reading: MomentaryReading<[EventsRuntime.Statistics]>) {
    func consumers(
      _ kind: MetricKind,
      _ name: String,
      _ help: String,
      _ values: @escaping @Sendable (ConsumerStatistics) -> [(outcome: String?, value: Double)]
    ) {
      read(kind, name: name, help: help) {
        await reading.value().flatMap { part in
          part.consumers.flatMap { consumer in
            values(consumer).map { outcome, value in
              let labels = [("module", part.module), ("queue", consumer.id)]
              return MetricSample(labels + (outcome.map { [("outcome", $0)] } ?? []), value)
            }
          }
        }
      }
    }
    consumers(.counter, "events_consumed_total", "Messages taken from a queue, by what became of them.") {
      [
        ("handled", Double($0.handled)), ("failed", Double($0.failed)),
        ("dead_lettered", Double($0.deadLettered)),
      ]
    }
    consumers(.counter, "events_failed_polls_total", "Polls of a queue that the broker did not answer.") {
      [(nil, Double($0.failedPolls))]
    }
    consumers(.gauge, "events_in_progress", "Messages being handled now.") { [(nil, Double($0.inFlight))] }
    consumers(
      .gauge,
      "events_seconds_since_last_poll",
      "How long ago the broker last answered a poll of a queue that had room for more."
    ) { [(nil, $0.sinceLastPoll.inSeconds)] }
  }

  /// How many messages queues and their dead-letter queues hold.
  /// - Parameter module: whose queues they are.
  func addQueues(_ queues: [AdministeredQueue], module: String, on loop: EventLoop) {
    for administered in queues {
      for (kind, queue) in [("main", administered.queue), ("dead_letter", administered.deadLetterQueue)] {
        guard let queue else { continue }
        let labels = [("module", module), ("queue", administered.id), ("kind", kind)]
        let reading = background("queue", labels: labels, on: loop) { deadline in
          try await queue.status(deadline: deadline)
        }
        read(.gauge, name: "events_queue_messages", help: "Messages on a queue, by state.") {
          guard let status = reading.value() else { return [] }
          return [
            MetricSample(labels + [("state", "visible")], status.messagesOnQueue),
            MetricSample(labels + [("state", "in_flight")], status.messagesInFlight),
          ]
        }
      }
    }
  }
}
