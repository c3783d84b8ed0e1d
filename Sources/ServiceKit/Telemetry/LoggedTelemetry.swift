public import Logging

/// Writes each event's name as a log line; its properties, which name prisoners, only at debug.
public struct LoggedTelemetry: Telemetry {
  private let logger: Logger

  /// - Parameter logger: of the module whose telemetry it is.
  public init(logger: Logger) { self.logger = logger }

  public func track(_ event: TelemetryEvent) {
    logger.info("event", metadata: ["event": "\(event.name)"])
    logger.debug(
      "event properties",
      metadata: [
        "event": "\(event.name)", "properties": .dictionary(event.properties.mapValues { .string($0) }),
      ]
    )
  }
  /// The summary at the trace's severity, the whole text at debug.
  public func trace(_ trace: TelemetryTrace) {
    let level: Logger.Level =
      switch trace.severity {
      case .verbose: .debug
      case .information: .info
      case .warning: .warning
      case .error: .error
      }
    let properties = trace.properties.mapValues { Logger.MetadataValue.string($0) }
    logger.log(level: level, "\(trace.summary)", metadata: properties)
    logger.debug("\(trace.message)", metadata: properties)
  }
}
