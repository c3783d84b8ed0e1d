/// Where a module sends its custom events. It never delays a request: it returns at once.
public protocol Telemetry: Sendable {
  /// Sends an event.
  func track(_ event: TelemetryEvent)

  /// Sends a line that operators look for by its text (`traces` in Application Insights).
  func trace(_ trace: TelemetryTrace)
}

extension Telemetry {
  /// A sender of events alone lets lines pass.
  public func trace(_ trace: TelemetryTrace) {}
}
