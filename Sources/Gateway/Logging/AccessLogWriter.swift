internal import HTTPTransport
internal import Observability
internal import ServiceKit
internal import Time

/// Writes the access log: a line for each answer, or for each that says the server failed. What the line is made of is
/// put together on the log's thread.
enum AccessLogWriter {
  /// What takes the entries; nil when no answer gets a line.
  static func make(
    _ choice: Configuration.AccessLogChoice,
    format: LogFormat,
    sink: LogSink,
    clock: any WallClock
  ) -> RequestObserver.AccessLog? {
    guard choice != .off else { return nil }
    let isForErrorsOnly = choice == .errors
    return { entry in
      guard !isForErrorsOnly || entry.status >= 500 else { return }
      let time = clock.now()
      sink.write { line(entry, time).text(format) }
    }
  }

  static func line(_ entry: AccessLogEntry, _ time: Timestamp) -> LogLine {
    let record = entry.record
    let route = entry.route ?? "(no route)"
    let microseconds = entry.duration.wholeNanoseconds / 1000
    let details: [(name: String, value: String?)] = [
      ("method", entry.method), ("route", route), ("status", String(entry.status)),
      ("durationMs", "\(microseconds / 1000).\(String(microseconds % 1000 + 1000).dropFirst())"),
      ("bytes", String(entry.responseBytes)), ("module", record.module), ("client", record.client),
      ("user", record.user), ("correlationId", record.correlationID),
      ("remote", entry.remote.map { ForwardedTrust.client(of: $0, forwardedFor: entry.forwardedFor) }),
      ("traceId", entry.span?.traceID), ("spanId", entry.span?.spanID),
    ]
    return LogLine(
      time: time,
      level: entry.status >= 500 ? "error" : "info",
      logger: "access",
      message: "\(entry.method) \(route) \(entry.status)",
      details: details.compactMap { detail in detail.value.map { (detail.name, $0) } }
    )
  }
}
