public import ServiceKit

extension MetricsRegistry {
  /// What becomes of what is sent to a collector.
  /// - Parameter collector: what the samples are told apart by.
  public func add(_ collector: String, _ statistics: @escaping @Sendable () -> ExportStatistics) {
    read(
      .counter,
      name: "telemetry_items_total",
      help: "Spans and events for collectors, by what became of them."
    ) {
      let counts = statistics()
      return [
        MetricSample([("collector", collector), ("outcome", "dropped")], counts.dropped),
        MetricSample([("collector", collector), ("outcome", "sent")], counts.sent),
      ]
    }
    read(
      .gauge,
      name: "telemetry_items_waiting",
      help: "Spans and events that wait to be sent to a collector."
    ) {
      [MetricSample([("collector", collector)], statistics().waiting)]
    }
  }
}
