internal import JSON
internal import ServiceKit
internal import Tracing

/// `ExportTraceServiceRequest` in OTLP's JSON encoding (opentelemetry.io, OTLP 1.x, "JSON Protobuf Encoding"): ids in
/// hex, 64-bit numbers as texts, enumerations as numbers.
enum OTLPTraceEncoder {
  static func encode(_ spans: [FinishedSpan], _ configuration: OTLPTraceExporter.Configuration) -> [UInt8] {
    var json = JSONWriter(capacity: 512 + spans.count * 768)
    json.beginObject()
    json.key("resourceSpans")
    json.beginArray()
    json.beginObject()
    json.key("resource")
    json.beginObject()
    json.key("attributes")
    json.beginArray()
    json.attribute("service.name", .string(configuration.serviceName))
    json.attribute("service.version", .string(configuration.serviceVersion))
    json.endArray()
    json.endObject()
    json.key("scopeSpans")
    json.beginArray()
    json.beginObject()
    json.key("scope")
    json.beginObject()
    json.field("name", "gateway")
    json.endObject()
    json.key("spans")
    json.beginArray()
    for span in spans { json.span(span) }
    json.endArray()
    json.endObject()
    json.endArray()
    json.endObject()
    json.endArray()
    json.endObject()
    return json.finish()
  }
}

extension JSONWriter {
  fileprivate mutating func span(_ span: FinishedSpan) {
    beginObject()
    field("traceId", span.context.traceID)
    field("spanId", span.context.spanID)
    if let state = span.context.state { field("traceState", state) }
    if let parent = span.parentSpanID { field("parentSpanId", parent) }
    field("name", span.name)
    field("kind", span.kind.number)
    field("startTimeUnixNano", String(span.start))
    field("endTimeUnixNano", String(span.end))
    key("attributes")
    beginArray()
    span.attributes.forEach { attribute($0, $1) }
    endArray()
    key("status")
    beginObject()
    if span.isError { field("code", 2) }
    endObject()
    endObject()
  }

  fileprivate mutating func attribute(_ name: String, _ value: SpanAttribute) {
    beginObject()
    field("key", name)
    key("value")
    beginObject()
    switch value {
    case .string(let text): field("stringValue", text)
    case .bool(let flag): field("boolValue", flag)
    case .int32(let number): field("intValue", String(number))
    case .int64(let number): field("intValue", String(number))
    default: field("stringValue", "\(value)")
    }
    endObject()
    endObject()
  }
}

extension SpanKind {
  /// `Span.SpanKind` of the protocol.
  fileprivate var number: Int64 {
    switch self {
    case .internal: 1
    case .server: 2
    case .client: 3
    case .producer: 4
    case .consumer: 5
    }
  }
}
