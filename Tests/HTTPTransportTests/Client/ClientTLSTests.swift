import EventLoops
import HTTPTransport
import HTTPTypes
import Testing
import Time

private typealias Step = ScriptedServer.Step

private let last = Step.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
private let ok = Step.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

@Suite("Client: TLS", .timeLimit(.minutes(1)))
struct ClientTLSTests {
  /// Runs a test body with a TLS server whose certificate is for `localhost`, and a client that trusts `authority`.
  private static func run(
    _ scripts: [[Step]],
    host: String = "localhost",
    trusting authority: (TestCertificates) -> String,
    _ body: (ScriptedServer, HTTPClient, HTTPURL) async throws -> Void
  ) async throws {
    let certificates = try TestCertificates()
    defer { certificates.remove() }
    let context = try TLSContext(
      certificateFile: certificates.serverCertificate,
      privateKeyFile: certificates.serverKey
    )
    let server = ScriptedServer(scripts, loop: ClientFixture.serverLoops.loops[0], tls: context)
    let url = try HTTPURL("https://\(host):\(try await server.start())/")
    let client = HTTPClient(
      group: ClientFixture.clientLoops,
      tls: try TLSContext(trustedCertificatesFile: authority(certificates))
    )
    do {
      try await body(server, client, url)
    } catch {
      Issue.record(error)
    }
    await client.shutdown()
    await server.stop()
  }

  private static func failure(_ client: HTTPClient, _ url: HTTPURL) async -> HTTPClientError? {
    do throws(HTTPClientError) {
      _ = try await client.send(ClientRequest(url: url), deadline: .now() + .seconds(10))
      return nil
    } catch {
      return error
    }
  }

  @Test("A certificate of a trusted authority for the right name is accepted, and the connection kept")
  func accepted() async throws {
    try await Self.run([[.request, ok, .request, ok, .awaitClose]], trusting: \.authority) {
      server,
      client,
      url in
      #expect(await Self.failure(client, url) == nil)
      #expect(await Self.failure(client, url) == nil)
      #expect(await server.accepted == 1)
      #expect(await client.statistics().map { [$0.inUse, $0.idle, $0.waiting] } == [[0, 1, 0]])
      #expect(await server.texts.first?.contains("Host: localhost:\(url.port)\r\n") == true)
    }
  }

  @Test("A certificate for another name is refused before anything is sent")
  func wrongName() async throws {
    try await Self.run([[.request, ok]], host: "127.0.0.1", trusting: \.authority) { server, client, url in
      guard case .connect(url.origin, .tls(let reason)) = await Self.failure(client, url) else {
        Issue.record("accepted")
        return
      }
      #expect(reason.contains("certificate of 127.0.0.1 refused"))
      #expect(await server.requests.isEmpty)
    }
  }

  @Test("A certificate of an authority that is not trusted is refused")
  func untrusted() async throws {
    try await Self.run([[.request, ok]], trusting: \.otherAuthority) { server, client, url in
      guard case .connect(url.origin, .tls(let reason)) = await Self.failure(client, url) else {
        Issue.record("accepted")
        return
      }
      #expect(reason.contains("certificate of localhost refused"))
      #expect(await server.requests.isEmpty)
    }
  }

  @Test("A second connection resumes the session of the first")
  func resumption() async throws {
    try await Self.run([[.request, last, .awaitClose]], trusting: \.authority) { server, client, url in
      #expect(await Self.failure(client, url) == nil)
      #expect(await Self.failure(client, url) == nil)
      #expect(await server.resumed == [false, true])
    }
  }

  @Test("An idle TLS connection that the upstream closes is closed at once")
  func idle() async throws {
    try await Self.run([[.request, ok, .gate("end"), .finish]], trusting: \.authority) {
      server,
      client,
      url in
      #expect(await Self.failure(client, url) == nil)
      await server.open("end")
      try await server.wait("the client closes") { $0.leftByClient == [0] }
      #expect(await client.statistics().isEmpty)
    }
  }

  @Test("A plain server behind an https URL is a TLS error or a closed connection, never an answer")
  func plainServer() async throws {
    try await ClientFixture.run([[.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), .awaitClose]]) {
      fixture in
      let url = try HTTPURL("https://127.0.0.1:\(fixture.url.port)/")
      guard case .connect(url.origin, .tls) = await Self.failure(fixture.client, url) else {
        Issue.record("no TLS error")
        return
      }
    }
  }
}
