import AWSPeer
import EventLoops
import HTTPTransport
import HTTPTypes
import Logging
import Synchronization
import Time

/// Stands before moto, and fails calls that a test wants to fail.
final class EmulatorProxy: Sendable {
  private struct State {
    var failures: [String: (left: Int, answer: ServerResponse)] = [:]
    var calls: [String] = []
  }

  private let state = Mutex(State())

  /// SNS's and SQS's actions, in the order in which they came.
  var calls: [String] { state.withLock { $0.calls } }

  /// Answers the next `count` calls of an action with something else, 503 if not told otherwise.
  func fail(
    _ action: String,
    times count: Int,
    with answer: ServerResponse = ServerResponse(status: .serviceUnavailable)
  ) {
    state.withLock { $0.failures[action] = (count, answer) }
  }

  /// An error as SNS words it.
  static func snsError(_ code: String, _ text: String = "because") -> ServerResponse {
    let body =
      "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(text)</Message></Error></ErrorResponse>"
    return ServerResponse(status: .badRequest, fields: [.contentType: "text/xml"], body: Array(body.utf8))
  }

  /// An error as SQS words it.
  static func sqsError(_ code: String, _ text: String = "because") -> ServerResponse {
    let body = #"{"__type":"com.amazonaws.sqs#\#(code)","message":"\#(text)"}"#
    return ServerResponse(
      status: .badRequest,
      fields: [.contentType: "application/x-amz-json-1.0"],
      body: Array(body.utf8)
    )
  }

  static func run(_ body: (EmulatorProxy, String) async throws -> Void) async throws {
    let group = try World.group.get()
    let proxy = EmulatorProxy()
    let client = HTTPClient(group: group)
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: nil,
      group: group,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      responder: { request in await proxy.respond(to: request, client) }
    )
    guard let loopback = SocketAddress(numeric: "127.0.0.1", port: 0) else { return }
    let address = try await server.start(address: loopback)
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(proxy, "http://\(address)"))
    } catch {
      result = .failure(error)
    }
    await server.shutdown(within: .zero)
    await client.shutdown()
    try result.get()
  }

  private func respond(to request: ServerRequest, _ client: HTTPClient) async -> ServerResponse {
    let body = (try? await request.body()) ?? []
    let target = HTTPField.Name("X-Amz-Target").flatMap { request.head.fields[$0] }
    let text = String(decoding: body, as: UTF8.self)
    let action =
      target?.split(separator: ".").last.map(String.init)
      ?? text.firstMatch(of: /(?:^|&)Action=([A-Za-z]+)/).map { String($0.1) } ?? ""
    let failure: ServerResponse? = state.withLock { state in
      state.calls.append(action)
      guard let (left, answer) = state.failures[action], left > 0 else { return nil }
      state.failures[action] = (left - 1, answer)
      return answer
    }
    if let failure { return failure }
    let url = AWSPeer.shared.url.path(request.head.target.path)
    var forwarded = ClientRequest(method: request.head.method, url: url, body: body)
    for (name, value) in request.head.fields.all {
      if let name = HTTPField.Name(name) { forwarded.fields.append(name, value) }
    }
    do throws(HTTPClientError) {
      let answer = try await client.send(forwarded, deadline: .now() + .seconds(30))
      let type = answer.fields[.contentType] ?? "text/xml"
      return ServerResponse(status: answer.status, fields: [.contentType: type], body: answer.body)
    } catch {
      return ServerResponse(status: .badGateway)
    }
  }
}
