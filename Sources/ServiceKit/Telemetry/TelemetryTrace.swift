/// Application Insights' `SeverityLevel`.
public enum TelemetrySeverity: Int64, Sendable {
  case verbose = 0
  case information = 1
  case warning = 2
  case error = 3
}

/// A line whose text a module's contract names, such as `Merge not implemented. Patient …`.
public struct TelemetryTrace: Equatable, Sendable {
  /// How bad it is.
  public let severity: TelemetrySeverity
  /// The whole text, which may name a prisoner.
  public let message: String
  /// What a log above debug may hold of it.
  public let summary: String
  /// Custom dimensions, fit for a log of any level.
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
