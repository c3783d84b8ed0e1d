public import ServiceKit
import Synchronization

/// Keeps the custom events.
public final class RecordingTelemetry: Telemetry {
  private let tracked = Mutex([TelemetryEvent]())

  public init() {}

  public var events: [TelemetryEvent] { tracked.withLock(\.self) }
  public var names: [String] { events.map(\.name) }

  public func track(_ event: TelemetryEvent) { tracked.withLock { $0.append(event) } }
}
