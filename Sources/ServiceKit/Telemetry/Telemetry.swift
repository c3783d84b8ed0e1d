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
}
