import EventLoops
import HTTPTransport
import HTTPTypes
import Logging
import Synchronization
import Testing

/// A server in place of an OpenTelemetry collector, or of Application Insights: keeps what it is sent.
final class CollectorDouble: Sendable {
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

  private let bodies = Mutex<[[UInt8]]>([])

  var spans: [Span] {
    bodies.withLock(\.self).flatMap { body in
      let spans = (try? JSON(parsing: body))?["resourceSpans"]?[0]?["scopeSpans"]?[0]?["spans"]?.items
      return (spans ?? []).map { Span(json: $0) }
    }
  }

  /// The envelopes of Application Insights.
  var items: [JSON] { get throws { try bodies.withLock(\.self).flatMap { try JSON(parsing: $0).items } } }

  func span(_ name: String) -> Span? { spans.first { $0.name == name } }

  /// Runs `body` with the address of this double.
  func run(_ body: (String) async throws -> Void) async throws {
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: nil,
      group: try World.group.get(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      responder: { request in
        let body = (try? await request.body()) ?? []
        self.bodies.withLock { $0.append(body) }
        return ServerResponse(status: .ok, fields: [.contentType: "application/json"], body: Array("{}".utf8))
      }
    )
    let loopback = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
    let address = try await server.start(address: loopback)
    let result: Result<Void, any Error>
    do {
      result = .success(try await body("http://\(address)"))
    } catch {
      result = .failure(error)
    }
    await server.shutdown(within: .zero)
    try result.get()
  }

  /// Waits until `count` spans have come.
  func waitFor(_ count: Int) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while spans.count < count {
      try #require(ContinuousClock.now < deadline, "\(spans.map(\.name)) is all that came")
      try await Task.sleep(for: .milliseconds(5))
    }
  }
}
