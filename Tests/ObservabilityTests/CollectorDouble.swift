import EventLoops
import Foundation
import HTTPTransport
import HTTPTypes
import Logging
import Synchronization
import Testing

/// A server in place of a collector: keeps what it is sent, and answers as it is told.
final class CollectorDouble: Sendable {
  struct Received: Sendable {
    let path: String
    let fields: HeaderFields
    let body: [UInt8]

    /// The body as JSON.
    var json: Any { get throws { try JSONSerialization.jsonObject(with: Data(body)) } }
  }

  private struct State {
    var received: [Received] = []
    var answers: [ServerResponse] = []
    var hangs = false
  }

  // Without loops no test can run: the trap says why.
  // swift-format-ignore: NeverUseForceTry
  static let group = try! EventLoopGroup(count: 2)
  static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private let state = Mutex(State())

  var received: [Received] { state.withLock(\.received) }

  /// The next requests get these answers; those after them 200.
  func answerNext(_ answers: ServerResponse...) { state.withLock { $0.answers = answers } }

  /// Answers nothing from now on.
  func hang() { state.withLock { $0.hangs = true } }

  /// Runs `body` with the address of this double and a client; both end with it.
  func run(_ body: (HTTPURL, HTTPClient) async throws -> Void) async throws {
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: nil,
      group: Self.group,
      logger: Self.logger,
      responder: { request in await self.respond(to: request) }
    )
    let loopback = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
    let address = try await server.start(address: loopback)
    let client = HTTPClient(group: Self.group)
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(try HTTPURL("http://\(address)"), client))
    } catch {
      result = .failure(error)
    }
    await client.shutdown()
    await server.shutdown(within: .zero)
    try result.get()
  }

  private func respond(to request: ServerRequest) async -> ServerResponse {
    let body = (try? await request.body()) ?? []
    let received = Received(path: request.head.target.path, fields: request.head.fields, body: body)
    let (answer, hangs) = state.withLock { state in
      state.received.append(received)
      return (state.answers.isEmpty ? nil : state.answers.removeFirst(), state.hangs)
    }
    if hangs { try? await Task.sleep(for: .seconds(3600)) }
    return answer
      ?? ServerResponse(status: .ok, fields: [.contentType: "application/json"], body: Array("{}".utf8))
  }
}

/// Waits until `condition` holds, and fails if it does not within ten seconds.
func eventually(
  _ claim: Comment,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () -> Bool
) async throws {
  let end = ContinuousClock.now + .seconds(10)
  while !condition() {
    try #require(ContinuousClock.now < end, claim, sourceLocation: sourceLocation)
    try await Task.sleep(for: .milliseconds(2))
  }
}

/// Looks into a JSON value by keys and positions.
func look(_ value: Any?, _ path: Any...) -> Any? {
  path.reduce(value) { value, step in
    if let key = step as? String { return (value as? [String: Any])?[key] }
    guard let index = step as? Int, let items = value as? [Any], items.indices.contains(index) else {
      return nil
    }
    return items[index]
  }
}
