/// Several receivers of the same telemetry.
public struct CombinedTelemetry: Telemetry {
  private let receivers: [any Telemetry]

  /// - Parameter receivers: each gets everything.
  public init(_ receivers: [any Telemetry]) { self.receivers = receivers }

  public func track(_ event: TelemetryEvent) { for receiver in receivers { receiver.track(event) } }

  public func trace(_ trace: TelemetryTrace) { for receiver in receivers { receiver.trace(trace) } }
}
