import HTTPTransport
import ServerTestKit
import TestKit
import Testing

extension CollectorDouble {
  struct Span: Sendable {
    let json: JSON
    var name: String { json["name"]?.text ?? "" }
    var traceID: String? { json["traceId"]?.text }
    var spanID: String? { json["spanId"]?.text }
    var parentID: String? { json["parentSpanId"]?.text }
    var kind: Int? { json["kind"]?.number }

    func attribute(_ name: String) -> String? {
      let value = json["attributes"]?.items.first { $0["key"]?.text == name }?["value"]
      return value?["stringValue"]?.text ?? value?["intValue"]?.text
    }
  }

  var spans: [Span] {
    received.flatMap { request in
      let spans = (try? JSON(parsing: request.body))?["resourceSpans"]?[0]?["scopeSpans"]?[0]?["spans"]?.items
      return (spans ?? []).map { Span(json: $0) }
    }
  }

  /// The envelopes of Application Insights.
  var items: [JSON] { get throws { try received.flatMap { try JSON(parsing: $0.body).items } } }

  func span(_ name: String) -> Span? { spans.first { $0.name == name } }

  /// Runs `body` with the address of this double.
  func run(_ body: (String) async throws -> Void) async throws {
    try await run(on: try World.group.get()) { (url, _) async throws in try await body("\(url)") }
  }

  /// Waits until `count` spans have come.
  func waitFor(_ count: Int) async throws {
    try await eventually("\(count) spans, beside \(spans.map(\.name))") { spans.count >= count }
  }
}
