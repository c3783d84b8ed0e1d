import EventLoops
import HTTPTransport
import HTTPTypes
import Time

/// One scripted upstream and a client with one pool, each on a loop of its own.
struct ClientFixture {
  // Without loops no test can run: the trap says why.
  // swift-format-ignore: NeverUseForceTry
  static let serverLoops = try! EventLoopGroup(count: 1)
  // swift-format-ignore: NeverUseForceTry
  static let clientLoops = try! EventLoopGroup(count: 1)

  let server: ScriptedServer
  let client: HTTPClient
  let url: HTTPURL

  /// Runs a test body with a server that plays `scripts`; stops both ends afterwards.
  static func run<Result>(
    _ scripts: [[ScriptedServer.Step]],
    configure: (inout HTTPClientConfiguration) -> Void = { _ in },
    _ body: (ClientFixture) async throws -> Result
  ) async throws -> Result {
    var configuration = HTTPClientConfiguration()
    configure(&configuration)
    let server = ScriptedServer(scripts, loop: serverLoops.loops[0])
    let port = try await server.start()
    let fixture = ClientFixture(
      server: server,
      client: HTTPClient(group: clientLoops, configuration: configuration),
      url: try HTTPURL("http://127.0.0.1:\(port)")
    )
    do {
      let result = try await body(fixture)
      await fixture.stop()
      return result
    } catch {
      await fixture.stop()
      throw error
    }
  }

  private func stop() async {
    await client.shutdown()
    await server.stop()
  }

  /// Sends a request with a path as its label. The deadline is far off unless a test is about it.
  func send(
    _ path: String = "/",
    method: HTTPRequest.Method = .get,
    isIdempotent: Bool? = nil,
    body: [UInt8]? = nil
  ) async throws -> ClientResponse {
    try await client.send(
      ClientRequest(method: method, url: url.path(path), body: body, isIdempotent: isIdempotent),
      deadline: .now() + .seconds(10)
    )
  }

  /// What sending a request throws; nil when it is answered.
  func failure(
    _ path: String = "/",
    method: HTTPRequest.Method = .get,
    isIdempotent: Bool? = nil,
    maximumResponseBytes: Int = 1 << 20,
    within time: Duration = .seconds(10)
  ) async -> HTTPClientError? {
    var request = ClientRequest(method: method, url: url.path(path), isIdempotent: isIdempotent)
    request.maximumResponseBytes = maximumResponseBytes
    do throws(HTTPClientError) {
      _ = try await client.send(request, deadline: .now() + time)
      return nil
    } catch {
      return error
    }
  }

  /// In use, idle and waiting, all zero when the client knows nothing of the origin.
  func usage() async -> [Int] {
    let all = await client.statistics()
    return all.first.map { [$0.inUse, $0.idle, $0.waiting] } ?? [0, 0, 0]
  }

  /// Waits until the client's connections are used so: in use, idle, waiting.
  func waitForUsage(_ expected: [Int]) async throws {
    let deadline = MonotonicInstant.now() + .seconds(10)
    while await usage() != expected {
      guard MonotonicInstant.now() < deadline else {
        throw ScriptedServer.Failure(description: "usage never was \(expected)")
      }
      try await Task.sleep(for: .milliseconds(1))
    }
  }
}
