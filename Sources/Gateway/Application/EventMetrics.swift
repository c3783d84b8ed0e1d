internal import EventLoops
internal import Events
internal import ServiceKit

extension MetricsRegistry {
  /// How outboxes and consumers are doing.
  /// - Parameter statistics: `EventsRuntime.statistics(deadline:)`.
  func addEvents(
    _ statistics: @escaping @Sendable (MonotonicInstant) async throws -> [EventsRuntime.Statistics]
  ) {
    let reading = SharedReading(statistics)
    func outbox(
      _ kind: MetricKind,
      _ name: String,
      _ help: String,
      _ value: @escaping @Sendable (OutboxStatistics) -> Double?
    ) {
      read(kind, name: name, help: help) {
        (await reading.value() ?? []).compactMap { part in
          value(part.outbox).map { MetricSample([("module", part.module)], $0) }
        }
      }
    }
    outbox(.gauge, "events_outbox_messages", "Messages committed and not yet published.") { Double($0.depth) }
    outbox(
      .gauge,
      "events_outbox_oldest_age_seconds",
      "How long the oldest of them has waited; 0 without any."
    ) {
      $0.oldestAge?.inSeconds ?? 0
    }
    outbox(.gauge, "events_outbox_set_aside_messages", "Messages that no broker takes: a person must look.") {
      Double($0.setAside)
    }
    outbox(.counter, "events_published_total", "Messages published by this process.") { Double($0.published) }
    outbox(.counter, "events_publish_failures_total", "Calls of the broker that failed while publishing.") {
      Double($0.failures)
    }
    addConsumers(reading)
  }

  private func addConsumers(_ reading: SharedReading<[EventsRuntime.Statistics]>) {
    func consumers(
      _ kind: MetricKind,
      _ name: String,
      _ help: String,
      _ values: @escaping @Sendable (ConsumerStatistics) -> [(outcome: String?, value: Double)]
    ) {
      read(kind, name: name, help: help) {
        (await reading.value() ?? []).flatMap { part in
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
  func addQueues(_ queues: [AdministeredQueue], module: String) {
    for administered in queues {
      for (kind, queue) in [("main", administered.queue), ("dead_letter", administered.deadLetterQueue)] {
        guard let queue else { continue }
        let reading = SharedReading { deadline in try await queue.status(deadline: deadline) }
        let labels = [("module", module), ("queue", administered.id), ("kind", kind)]
        read(.gauge, name: "events_queue_messages", help: "Messages on a queue, by state.") {
          guard let status = await reading.value() else { return [] }
          return [
            MetricSample(labels + [("state", "visible")], status.messagesOnQueue),
            MetricSample(labels + [("state", "in_flight")], status.messagesInFlight),
          ]
        }
      }
    }
  }
}
