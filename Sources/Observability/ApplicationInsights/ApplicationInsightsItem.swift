internal import JSON
internal import ServiceKit
internal import Time

/// One item of telemetry on its way to Application Insights, with what it had to know of the moment it arose.
struct ApplicationInsightsItem: Sendable {
  enum Content: Sendable {
    case event(TelemetryEvent)
    case message(String, TelemetrySeverity, [String: String])
    case exception(type: String, message: String, stack: String, TelemetrySeverity, [String: String])
    /// A request that was answered, or a message that was handled.
    case request(FinishedSpan)
    /// A call, a statement, or a message that was sent.
    case dependency(FinishedSpan)
  }

  let content: Content
  /// The cloud role name of the module.
  let role: String
  let time: Timestamp
  let span: SpanContext?
  /// The request or message in flight. Its name is read when the item is written: it may become known later than the item.
  let operation: Operation?
  /// The share of such items that is sent, in per cent: the ingestion counts each for so many.
  let share: Double
  /// `service.version` of the custom dimensions.
  let version: String

  // The ingestion's limits (Application Insights, "Data model"): longer texts would be refused whole.
  static let maximumName = 512
  static let maximumKey = 150
  static let maximumValue = 8192
  static let maximumMessage = 32_768
  static let maximumURL = 2048

  /// Appends the item as an envelope of the ingestion's version 2 schema.
  func write(to json: inout JSONWriter, instrumentationKey: String, instance: String) {
    json.beginObject()
    json.field("name", "Microsoft.ApplicationInsights.\(kind.name)")
    json.field("time", time.instantText)
    if share < 100 {
      json.key("sampleRate")
      json.value(share)
    }
    json.field("iKey", instrumentationKey)
    json.key("tags")
    json.beginObject()
    json.field("ai.cloud.role", role)
    json.field("ai.cloud.roleInstance", instance)
    json.field("ai.internal.sdkVersion", "gateway:\(version)")
    writeOperation(to: &json)
    json.endObject()
    json.key("data")
    json.beginObject()
    json.field("baseType", kind.data)
    json.key("baseData")
    json.beginObject()
    json.field("ver", 2)
    writeData(to: &json)
    json.endObject()
    json.endObject()
    json.endObject()
  }

  private var kind: (name: String, data: String) {
    switch content {
    case .event: ("Event", "EventData")
    case .message: ("Message", "MessageData")
    case .exception: ("Exception", "ExceptionData")
    case .request: ("Request", "RequestData")
    case .dependency: ("RemoteDependency", "RemoteDependencyData")
    }
  }

  private func writeOperation(to json: inout JSONWriter) {
    guard let span else { return }
    json.field("ai.operation.id", span.traceID)
    switch content {
    case .request(let finished):
      if let parent = finished.parentSpanID { json.field("ai.operation.parentId", parent) }
      // Of a part of a message's handling the message's.
      let name = operation?.description.name ?? finished.name
      json.field("ai.operation.name", Self.cut(name, Self.maximumName))
      if let client = finished.detail.client { json.field("ai.location.ip", client) }
      // Which of the two the agent sets depends on its version, and people search by both.
      if let user = finished.text("enduser.id") {
        json.field("ai.user.id", user)
        json.field("ai.user.authUserId", user)
      }
      return
    case .dependency(let finished):
      if let parent = finished.parentSpanID { json.field("ai.operation.parentId", parent) }
    default: json.field("ai.operation.parentId", span.spanID)
    }
    if let name = operation?.description.name {
      json.field("ai.operation.name", Self.cut(name, Self.maximumName))
    }
  }

  static func cut(_ text: String, _ limit: Int) -> String { String(text.prefix(limit)) }
}
