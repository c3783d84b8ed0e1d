import EventLoops
import HTTPTransport
import HTTPTypes
import Testing
import Time

private typealias Step = ScriptedServer.Step

private let ok = Step.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

@Suite("Client: idle connections", .timeLimit(.minutes(1)))
struct ClientIdleTests {
  @Test("An idle connection that the upstream closes is closed at once, and not used again")
  func peerCloses() async throws {
    try await ClientFixture.run([[.request, ok, .gate("end"), .finish], [.request, ok]]) { fixture in
      _ = try await fixture.send()
      #expect(await fixture.usage() == [0, 1, 0])
      await fixture.server.open("end")
      try await fixture.server.wait("the client closes") { $0.leftByClient == [0] }
      #expect(await fixture.usage() == [0, 0, 0])
      // A POST would not be retried: it shows that the stale connection is gone.
      #expect(try await fixture.send(method: .post).status == .ok)
    }
  }

  @Test("An answer that nobody asked for ends an idle connection")
  func unasked() async throws {
    try await ClientFixture.run([[.request, ok, .gate("more"), ok, .awaitClose], [.request, ok]]) { fixture in
      _ = try await fixture.send()
      await fixture.server.open("more")
      try await fixture.server.wait("the client closes") { $0.leftByClient == [0] }
      #expect(await fixture.usage() == [0, 0, 0])
      _ = try await fixture.send()
      #expect(await fixture.server.accepted == 2)
    }
  }

  @Test("An idle connection is closed after its time")
  func timeOut() async throws {
    try await ClientFixture.run(
      [[.request, ok, .awaitClose]],
      configure: { $0.idleTimeout = .milliseconds(30) }
    ) { fixture in
      _ = try await fixture.send()
      try await fixture.server.wait("the client closes") { $0.leftByClient == [0] }
      #expect(await fixture.usage() == [0, 0, 0])
    }
  }

  @Test("Each idle connection has its own time")
  func severalTimeOuts() async throws {
    let script: [Step] = [.request, .gate("answer"), ok, .awaitClose]
    try await ClientFixture.run([script], configure: { $0.idleTimeout = .milliseconds(30) }) { fixture in
      let requests = (0..<3).map { number in Task { try await fixture.send("/\(number)").status } }
      try await fixture.server.wait("three requests") { $0.requests.count == 3 }
      await fixture.server.open("answer")
      for request in requests { #expect(try await request.value == .ok) }
      try await fixture.server.wait("the client closes all") { $0.leftByClient == [0, 1, 2] }
      #expect(await fixture.usage() == [0, 0, 0])
    }
  }

  @Test("Shutdown closes idle connections and refuses later requests")
  func shutdown() async throws {
    try await ClientFixture.run([[.request, ok, .awaitClose]]) { fixture in
      _ = try await fixture.send()
      await fixture.client.shutdown()
      try await fixture.server.wait("the client closes") { $0.leftByClient == [0] }
      #expect(await fixture.failure() == .shutDown)
      #expect(await fixture.usage() == [0, 0, 0])
    }
  }

  @Test("A client that is dropped closes its connections")
  func dropped() async throws {
    let server = ScriptedServer([[.request, ok, .awaitClose]], loop: ClientFixture.serverLoops.loops[0])
    let url = try HTTPURL("http://127.0.0.1:\(try await server.start())")
    do {
      let client = HTTPClient(group: ClientFixture.clientLoops)
      _ = try await client.send(ClientRequest(url: url), deadline: .now() + .seconds(10))
    }
    try await server.wait("the client closes") { $0.leftByClient == [0] }
    await server.stop()
  }
}
