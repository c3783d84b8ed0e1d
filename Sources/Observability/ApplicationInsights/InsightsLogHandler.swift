public import Logging

/// Writes each line where it would go anyway, and hands it to Application Insights.
public struct InsightsLogHandler: LogHandler {
  private var inner: any LogHandler
  private let label: String
  private let roles: InsightsRoles

  /// A logger whose lines go where another's go, and to Application Insights.
  public static func logger(_ logger: Logger, _ roles: InsightsRoles) -> Logger {
    Logger(label: logger.label) { label in
      InsightsLogHandler(inner: logger.handler, label: label, roles: roles)
    }
  }

  /// The lower of the two, so that each gets its own.
  public var logLevel: Logger.Level {
    get { min(inner.logLevel, roles.level) }
    set { inner.logLevel = newValue }
  }

  public var metadata: Logger.Metadata {
    get { inner.metadata }
    set { inner.metadata = newValue }
  }

  public var metadataProvider: Logger.MetadataProvider? {
    get { inner.metadataProvider }
    set { inner.metadataProvider = newValue }
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { inner[metadataKey: key] }
    set { inner[metadataKey: key] = newValue }
  }

  public func log(event: LogEvent) {
    if event.level >= inner.logLevel { inner.log(event: event) }
    guard event.level >= roles.level else { return }
    let metadata = inner.metadata.merging(event.metadata ?? [:]) { $1 }
    roles.add(event, label: label, metadata: metadata)
  }
}
