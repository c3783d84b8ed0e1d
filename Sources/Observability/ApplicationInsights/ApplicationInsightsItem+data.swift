internal import JSON
internal import ServiceKit

/// The `baseData` of each kind of item (docs/contract/adoption.md §3).
extension ApplicationInsightsItem {
  func writeData(to json: inout JSONWriter) {
    switch content {
    case .event(let event):
      json.field("name", Self.cut(event.name, Self.maximumName))
      write(event.properties, to: &json)
    case .message(let text, let severity, let properties):
      json.field("message", Self.cut(text, Self.maximumMessage))
      json.field("severityLevel", severity.rawValue)
      write(properties, to: &json)
    case .exception(let type, let message, let stack, let severity, let properties):
      json.key("exceptions")
      json.beginArray()
      json.beginObject()
      json.field("typeName", Self.cut(type, Self.maximumName))
      json.field("message", Self.cut(message, Self.maximumMessage))
      json.field("hasFullStack", false)
      json.field("stack", Self.cut(stack, Self.maximumMessage))
      json.endObject()
      json.endArray()
      json.field("severityLevel", severity.rawValue)
      write(properties, to: &json)
    case .request(let span): write(request: span, to: &json)
    case .dependency(let span): write(dependency: span, to: &json)
    }
  }

  private func write(request span: FinishedSpan, to json: inout JSONWriter) {
    let status = span.text("http.response.status_code")
    json.field("id", span.context.spanID)
    json.field("name", Self.cut(span.name, Self.maximumName))
    json.field("duration", span.durationText)
    json.field("responseCode", status ?? "0")
    json.field("success", span.isSuccess)
    if let url = span.detail.data { json.field("url", Self.cut(url, Self.maximumURL)) }
    if let queue = span.text("messaging.destination.name") { json.field("source", queue) }
    var properties: [String: String] = [:]
    for name in ["clientId", "username"] { properties[name] = span.text(name) }
    write(properties, to: &json)
  }

  private func write(dependency span: FinishedSpan, to json: inout JSONWriter) {
    let target = span.detail.target ?? span.text("messaging.destination.name")
    json.field("id", span.context.spanID)
    json.field("name", Self.cut(span.detail.name ?? span.name, Self.maximumName))
    json.field("duration", span.durationText)
    json.field(
      "resultCode",
      span.text("http.response.status_code") ?? span.text("db.response.status_code") ?? "0"
    )
    json.field("success", span.isSuccess)
    json.field("type", span.dependencyType)
    if let target { json.field("target", Self.cut(target, Self.maximumName)) }
    if let data = span.detail.data { json.field("data", Self.cut(data, Self.maximumValue)) }
    write([:], to: &json)
  }

  private func write(_ properties: [String: String], to json: inout JSONWriter) {
    json.key("properties")
    json.beginObject()
    json.field("service.version", version)
    for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
      json.key(Self.cut(name, Self.maximumKey))
      json.value(Self.cut(value, Self.maximumValue))
    }
    json.endObject()
  }
}

extension FinishedSpan {
  /// Requests fail from 400 on, though to a server's span that is no error.
  fileprivate var isSuccess: Bool {
    guard let status = text("http.response.status_code").flatMap({ Int($0) }) else { return !isError }
    return status < 400 && !isError
  }

  fileprivate var dependencyType: String {
    if let database = text("db.system.name") { return database }
    return text("messaging.system").map { "Queue Message | \($0)" } ?? "Http"
  }

  /// `[d.]hh:mm:ss.ffffff`.
  fileprivate var durationText: String {
    let microseconds = (end - start) / 1000
    let seconds = microseconds / 1_000_000
    func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let fraction = String(String(microseconds % 1_000_000 + 1_000_000).dropFirst())
    let time = "\(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60)).\(fraction)"
    return seconds >= 86_400 ? "\(seconds / 86_400).\(time)" : time
  }
}
