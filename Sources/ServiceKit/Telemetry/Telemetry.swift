public import Logging

/// A custom event of Application Insights (`platform.md` §8.3), by the names and properties of a module's contract.
public struct TelemetryEvent: Equatable, Sendable {
  public let name: String
  public let properties: [String: String]

  public init(_ name: String, _ properties: [String: String]) {
    self.name = name
    self.properties = properties
  }
}

/// Where a module sends its custom events. Never in a request's way: it returns at once.
public protocol Telemetry: Sendable {
  func track(_ event: TelemetryEvent)

  /// Sends a line that operators look for by its text (`traces` in Application Insights).
  func trace(_ trace: TelemetryTrace)
}

extension Telemetry {
  /// A sender of events alone lets lines pass.
  public func trace(_ trace: TelemetryTrace) {}
}

/// Application Insights' `SeverityLevel`.
public enum TelemetrySeverity: Int64, Sendable {
  case verbose = 0
  case information = 1
  case warning = 2
  case error = 3
}

/// A line whose text a module's contract names, such as `Merge not implemented. Patient …`.
public struct TelemetryTrace: Equatable, Sendable {
  public let severity: TelemetrySeverity
  /// The whole text, which may name a prisoner.
  public let message: String
  /// What a log above debug may hold of it.
  public let summary: String
  public let properties: [String: String]

  public init(
    _ severity: TelemetrySeverity,
    _ message: String,
    summary: String,
    properties: [String: String] = [:]
  ) {
    self.severity = severity
    self.message = message
    self.summary = summary
    self.properties = properties
  }
}

/// Several receivers of the same telemetry.
public struct CombinedTelemetry: Telemetry {
  private let receivers: [any Telemetry]

  public init(_ receivers: [any Telemetry]) { self.receivers = receivers }

  public func track(_ event: TelemetryEvent) { for receiver in receivers { receiver.track(event) } }

  public func trace(_ trace: TelemetryTrace) { for receiver in receivers { receiver.trace(trace) } }
}

/// Writes each event's name as a log line; its properties, which name prisoners, only at debug.
public struct LoggedTelemetry: Telemetry {
  private let logger: Logger

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
    logger.log(level: level, "\(trace.summary)")
    logger.debug("\(trace.message)")
  }
}
