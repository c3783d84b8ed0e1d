public import EventLoops
public import ServiceKit
internal import Time

extension MetricsRegistry {
  /// How busy the event loops are.
  public func add(_ group: EventLoopGroup) {
    func read(
      _ kind: MetricKind,
      _ name: String,
      _ help: String,
      _ value: @escaping @Sendable (EventLoopStatistics) -> Double
    ) {
      self.read(kind, name: name, help: help) {
        group.loops.map { MetricSample([("loop", "\($0.index)")], value($0.statistics)) }
      }
    }
    read(
      .counter,
      "eventloop_busy_seconds_total",
      "Time an event loop has spent working rather than waiting."
    ) {
      $0.busy.inSeconds
    }
    read(.counter, "eventloop_turns_total", "Turns of an event loop.") { Double($0.turns) }
    read(
      .gauge,
      "eventloop_lag_seconds",
      "The longest turn of an event loop within the last 15 to 30 seconds: how long something ready had to wait."
    ) { $0.longestTurn.inSeconds }
    read(.gauge, "eventloop_queue_length", "Jobs that were ready when an event loop's last turn ran them.") {
      Double($0.readyJobs)
    }
  }
}
