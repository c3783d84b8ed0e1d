import EventLoops
import Glibc
import HTTPTransport
import HTTPTypes
import Logging
import Time

/// The loops of this test process.
// swift-format-ignore: NeverUseForceTry
let testLoops = try! EventLoopGroup(count: 2)

/// A server on a port of its own.
struct TestServer {
  let server: HTTPServer
  let port: UInt16

  func connect(receiveBufferBytes: Int32? = nil) throws -> RawConnection {
    try RawConnection(port: port, receiveBufferBytes: receiveBufferBytes)
  }

  /// Sends bytes on a connection of their own and gives all that comes until the server closes.
  func exchange(_ request: String) throws -> String {
    let connection = try connect()
    connection.send(request)
    return String(decoding: try connection.readToEnd(), as: UTF8.self)
  }
}

/// Runs `body` with a server that is shut down at once afterwards.
func withServer(
  _ configure: (inout HTTPServerConfiguration) -> Void = { _ in },
  responder: @escaping Responder = echo,
  group: EventLoopGroup = testLoops,
  _ body: (TestServer) async throws -> Void
) async throws {
  var configuration = HTTPServerConfiguration()
  configure(&configuration)
  let server = HTTPServer(
    configuration: configuration,
    tls: nil,
    group: group,
    logger: Logger(label: "test"),
    responder: responder
  )
  // swift-format-ignore: NeverForceUnwrap
  let address = try await server.start(address: SocketAddress(numeric: "127.0.0.1", port: 0)!)
  do {
    try await body(TestServer(server: server, port: address.port))
  } catch {
    await server.shutdown(within: .zero)
    throw error
  }
  await server.shutdown(within: .zero)
}

/// Answers with method, path, query, the header X-Probe, and the body: `POST /a?b [probe] hello`.
let echo: Responder = { request in
  do throws(RequestBodyError) {
    let body = try await request.body()
    // swift-format-ignore: NeverForceUnwrap
    let probe = request.head.fields[HTTPField.Name("X-Probe")!] ?? ""
    let query = request.head.target.query.raw
    let target = request.head.target.path + (query.isEmpty ? "" : "?" + query)
    let text = "\(request.head.method) \(target) [\(probe)] "
    return ServerResponse(status: .ok, fields: [.contentType: "text/plain"], body: Array(text.utf8) + body)
  } catch {
    return ServerResponse(status: error.status, body: Array("\(error)".utf8))
  }
}

/// Lets tasks wait for a test's word; also counts those that have come to wait, and those whose wait was
/// cancelled.
actor Gate {
  private var isOpen = false
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private(set) var arrivals = 0
  private(set) var cancellations = 0

  /// Waits for `open()` or for the task's cancellation.
  func pass() async {
    arrivals += 1
    await withTaskCancellationHandler {
      guard !isOpen, !Task.isCancelled else { return }
      await withCheckedContinuation { waiting.append($0) }
    } onCancel: {
      Task { await self.open() }
    }
    if Task.isCancelled { cancellations += 1 }
  }

  func open() {
    isOpen = true
    let all = waiting
    waiting = []
    for one in all { one.resume() }
  }
}
