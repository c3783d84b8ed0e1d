internal import JSON
internal import ServiceKit
internal import Time

/// One item of telemetry on its way to Application Insights, with what it had to know of the moment it arose.
struct ApplicationInsightsItem: Sendable {
  enum Content: Sendable {
    case event(TelemetryEvent)
    case message(String, TelemetrySeverity, [String: String])
  }

  let content: Content
  /// The module's cloud role name.
  let role: String
  let time: Timestamp
  let span: SpanContext?
  /// `service.version` of the custom dimensions.
  let version: String

  // The ingestion's limits (Application Insights, "Data model"): longer texts would be refused whole.
  private static let maximumName = 512
  private static let maximumKey = 150
  private static let maximumValue = 8192
  private static let maximumMessage = 32_768

  /// Appends the item as an envelope of the ingestion's version 2 schema.
  func write(to json: inout JSONWriter, instrumentationKey: String, instance: String) {
    json.beginObject()
    switch content {
    case .event: json.field("name", "Microsoft.ApplicationInsights.Event")
    case .message: json.field("name", "Microsoft.ApplicationInsights.Message")
    }
    json.field("time", time.instantText)
    json.field("iKey", instrumentationKey)
    json.key("tags")
    json.beginObject()
    json.field("ai.cloud.role", role)
    json.field("ai.cloud.roleInstance", instance)
    json.field("ai.internal.sdkVersion", "gateway:\(version)")
    if let span {
      json.field("ai.operation.id", span.traceID)
      json.field("ai.operation.parentId", span.spanID)
    }
    json.endObject()
    json.key("data")
    json.beginObject()
    switch content {
    case .event(let event):
      json.field("baseType", "EventData")
      json.key("baseData")
      json.beginObject()
      json.field("ver", 2)
      json.field("name", String(event.name.prefix(Self.maximumName)))
      write(event.properties, to: &json)
    case .message(let text, let severity, let properties):
      json.field("baseType", "MessageData")
      json.key("baseData")
      json.beginObject()
      json.field("ver", 2)
      json.field("message", String(text.prefix(Self.maximumMessage)))
      json.field("severityLevel", severity.rawValue)
      write(properties, to: &json)
    }
    json.endObject()
    json.endObject()
    json.endObject()
  }

  private func write(_ properties: [String: String], to json: inout JSONWriter) {
    json.key("properties")
    json.beginObject()
    json.field("service.version", version)
    for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
      json.key(String(name.prefix(Self.maximumKey)))
      json.value(String(value.prefix(Self.maximumValue)))
    }
    json.endObject()
  }
}
