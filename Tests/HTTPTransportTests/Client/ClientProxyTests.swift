import EventLoops
import HTTPTransport
import HTTPTypes
import Testing
import Time

private typealias Step = ScriptedServer.Step

private let ok = Step.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
private let tunnel = Step.send("HTTP/1.1 200 Connection established\r\nContent-Length: 0\r\n\r\n")

@Suite("Client: proxy", .timeLimit(.minutes(1)))
struct ClientProxyTests {
  /// A client whose proxy plays `scripts`.
  private static func run(
    _ scripts: [[Step]],
    except exceptions: String = "",
    _ body: (HTTPClient, ScriptedServer) async throws -> Void
  ) async throws {
    let server = ScriptedServer(scripts, loop: ClientFixture.serverLoops.loops[0])
    var configuration = HTTPClientConfiguration()
    configuration.proxy = try HTTPProxy("127.0.0.1:\(try await server.start())", except: exceptions)
    let client = HTTPClient(group: ClientFixture.clientLoops, configuration: configuration)
    let result: Result<Void, any Error>
    do { result = .success(try await body(client, server)) } catch { result = .failure(error) }
    await client.shutdown()
    await server.stop()
    try result.get()
  }

  private static func send(_ client: HTTPClient, _ url: String) async throws -> ClientResponse {
    try await client.send(ClientRequest(url: try HTTPURL(url)), deadline: .now() + .seconds(10))
  }

  @Test("A host is asked for by name and port, and the connection used again, for that origin alone")
  func tunnels() async throws {
    try await Self.run([[.request, tunnel, .request, ok, .request, ok], [.request, tunnel, .request, ok]]) {
      client,
      server in
      _ = try await Self.send(client, "http://search.example/a")
      _ = try await Self.send(client, "http://search.example/b")
      _ = try await Self.send(client, "http://[fd00::1]:81/c")
      let requests = await server.requests
      #expect(requests.map(\.connection) == [0, 0, 0, 1, 1])
      #expect(
        requests[0].text
          == "CONNECT search.example:80 HTTP/1.1\r\nHost: search.example:80\r\nUser-Agent: hmpps-gateway\r\n\r\n"
      )
      #expect(requests[1].text.hasPrefix("GET /a HTTP/1.1\r\nHost: search.example\r\n"))
      #expect(requests[2].text.hasPrefix("GET /b "))
      #expect(requests[3].text.hasPrefix("CONNECT [fd00::1]:81 "))
    }
  }

  @Test("A host it is not for is called directly")
  func exceptions() async throws {
    try await ClientFixture.run([[.request, ok]]) { upstream in
      try await Self.run([[.awaitClose]], except: "127.0.0.*") { client, server in
        _ = try await Self.send(client, upstream.url.description)
        #expect(await server.accepted == 0)
      }
      #expect(await upstream.server.texts[0].hasPrefix("GET "))
    }
  }

  @Test(
    "A proxy that makes no connection is told as what it is, and its connection is closed",
    arguments: [
      (
        [.request, .send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"), .awaitClose],
        "it answers 403"
      ),
      (
        [.request, .send("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), .awaitClose], "it answers 407"
      ),
      ([.request, .finish], "it closes the connection"),
      ([.request, .send("SSH-2.0\r\n"), .awaitClose], "malformed answer: invalid status line"),
      ([.request, tunnel, .send("HTTP/1.1 200 OK\r\n"), .awaitClose], nil),
    ] as [([ScriptedServer.Step], String?)]
  )
  func refused(steps: [ScriptedServer.Step], reason: String?) async throws {
    try await Self.run([steps]) { client, server in
      let url = try HTTPURL("http://search.example/")
      do {
        _ = try await client.send(
          ClientRequest(method: .post, url: url),
          deadline: .now() + .milliseconds(500)
        )
        Issue.record("it was answered")
      } catch let error as HTTPClientError {
        if let reason {
          guard case .proxy(_, url.origin, let text) = error else {
            Issue.record("\(error)")
            return
          }
          #expect(text.contains(reason), "\(error)")
          #expect(error.description.contains("by the proxy 127.0.0.1:"))
        }
      }
      try await server.wait("the client closes") { $0.leftByClient == [0] }
      #expect(await client.statistics().isEmpty)
    }
  }

  @Test("A proxy that cannot be reached, or does not answer, is an error within the deadline")
  func silent() async throws {
    try await Self.run([[.request, .awaitClose]]) { client, _ in
      let request = ClientRequest(url: try HTTPURL("http://search.example/"))
      await #expect(throws: HTTPClientError.timedOut) {
        try await client.send(request, deadline: .now() + .milliseconds(100))
      }
    }
    var configuration = HTTPClientConfiguration()
    configuration.proxy = try HTTPProxy("127.0.0.1:1")
    let client = HTTPClient(group: ClientFixture.clientLoops, configuration: configuration)
    await #expect {
      try await Self.send(client, "http://search.example/")
    } throws: { error in
      guard case .proxy(_, _, let reason)? = error as? HTTPClientError else { return false }
      return reason.contains("refused")
    }
    await client.shutdown()
  }

  @Test("AD-35: a request names what sends it, unless it says so itself")
  func userAgent() async throws {
    try await ClientFixture.run([[.request, ok, .request, ok]]) { fixture in
      _ = try await fixture.send()
      _ = try await fixture.client.send(
        ClientRequest(url: fixture.url, fields: [.userAgent: "own/1"]),
        deadline: .now() + .seconds(10)
      )
      let texts = await fixture.server.texts
      #expect(texts[0].contains("\r\nUser-Agent: hmpps-gateway\r\n"))
      #expect(texts[1].contains("\r\nUser-Agent: own/1\r\n") && !texts[1].contains("hmpps-gateway"))
    }
  }
}
