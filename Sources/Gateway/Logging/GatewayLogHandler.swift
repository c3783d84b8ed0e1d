internal import Logging
internal import ServiceKit
internal import Time

/// Turns log events into lines of `LogSink`. A line written on behalf of a request or a message names its trace.
struct GatewayLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  private let label: String
  private let format: LogFormat
  private let sink: LogSink
  private let clock: any WallClock

  init(label: String, level: Logger.Level, format: LogFormat, sink: LogSink, clock: any WallClock) {
    self.label = label
    self.logLevel = level
    self.format = format
    self.sink = sink
    self.clock = clock
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var values = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
    values.merge(event.metadata ?? [:]) { $1 }
    if let error = event.error { values["error"] = .string(String(describing: error)) }
    if let span = SpanContext.current {
      values["traceId"] = .string(span.traceID)
      values["spanId"] = .string(span.spanID)
    }
    let line = LogLine(
      time: clock.now(),
      level: event.level.rawValue,
      logger: label,
      message: event.message.description,
      details: values.sorted { $0.key < $1.key }.map { ($0.key, String(describing: $0.value)) }
    )
    sink.write { [format] in line.text(format) }
  }
}
