import EventLoops
import HTTPTransport
import HTTPTypes
import Logging
import TestKit
import Testing

private let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite("Shutdown")
struct ShutdownTests {
  @Test("Idle connections end at once, one in flight is answered with close, new ones are not taken")
  func graceful() async throws {
    let gate = Gate()
    let responder: Responder = { request in
      if request.head.target.path == "/slow" { await gate.pass() }
      return await echo(request)
    }
    try await withServer(responder: responder) { server in
      let idle = try server.connect()
      idle.send(request)
      #expect(try idle.response().status == 200)
      let busy = try server.connect()
      busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /behind HTTP/1.1\r\nHost: a\r\n\r\n")
      try await eventually("the request has arrived") { await gate.arrivals == 1 }
      let ending = Task { await server.server.shutdown(within: .seconds(30)) }
      #expect(try idle.isClosedSilently())
      try await eventually("no connection is accepted") { (try? server.connect()) == nil }
      await gate.open()
      let response = try busy.response()
      #expect(response.text == "GET /slow [] ")
      #expect(response["connection"] == "close")
      #expect(try busy.readToEnd().isEmpty)
      await ending.value
      #expect(server.server.openConnections == 0)
    }
  }

  @Test("A request whose head is half here is still answered")
  func halfHead() async throws {
    try await withServer { server in
      // Sent as one piece: when the first request is answered, the half of the second has been read.
      let connection = try server.connect()
      connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n")
      #expect(try connection.response().text == "GET /a [] ")
      let ending = Task { await server.server.shutdown(within: .seconds(30)) }
      try await eventually("no connection is accepted") { (try? server.connect()) == nil }
      connection.send("\r\n")
      #expect(try connection.response()["connection"] == "close")
      await ending.value
    }
  }

  @Test("What is not done within the limit is cut, and its responder cancelled")
  func cut() async throws {
    let gate = Gate()
    try await withServer(responder: { _ in
      await gate.pass()
      return ServerResponse(status: .ok)
    }) { server in
      let connection = try server.connect()
      connection.send(request)
      try await eventually("the request has arrived") { await gate.arrivals == 1 }
      await server.server.shutdown(within: .milliseconds(50))
      #expect(try connection.isClosedSilently())
      #expect(await gate.cancellations == 1)
      #expect(server.server.openConnections == 0)
    }
  }

  @Test("A second, shorter shutdown ends the first")
  func twice() async throws {
    let gate = Gate()
    try await withServer(responder: { _ in
      await gate.pass()
      return ServerResponse(status: .ok)
    }) { server in
      let connection = try server.connect()
      connection.send(request)
      try await eventually("the request has arrived") { await gate.arrivals == 1 }
      let ending = Task { await server.server.shutdown(within: .seconds(600)) }
      await server.server.shutdown(within: .zero)
      await ending.value
      #expect(try connection.isClosedSilently())
    }
  }

  @Test("A port in use is an error, and the server can be let go")
  func portInUse() async throws {
    let blocker = try BlockingListener()
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: nil,
      group: testLoops,
      logger: Logger(label: "test"),
      responder: echo
    )
    await #expect(throws: SystemError.self) {
      _ = try await server.start(address: SocketAddress(numeric: "127.0.0.1", port: blocker.port)!)
    }
  }
}
