import HTTPTransport
import HTTPTypes
import TestKit
import Testing
import Text

private func get(_ path: String, _ fields: String = "") -> String {
  "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n"
}

@Suite("Connections")
struct ConnectionTests {
  @Test("A connection is kept for further requests until one says close")
  func keepAlive() async throws {
    try await withServer { server in
      let connection = try server.connect()
      for number in 0..<5 {
        connection.send(get("/\(number)"))
        let response = try connection.response()
        #expect(response.text == "GET /\(number) [] ")
        #expect(response["connection"] == nil)
      }
      connection.send(get("/last", "Connection: foo, Close\r\n"))
      #expect(try connection.response()["connection"] == "close")
      #expect(try connection.readToEnd().isEmpty)
      #expect(server.server.acceptedConnections == 1)
    }
  }

  @Test("HTTP/1.0 closes, unless the client asks to keep the connection")
  func http10() async throws {
    try await withServer { server in
      let closing = try server.exchange("GET / HTTP/1.0\r\n\r\n")
      #expect(closing.contains("\r\nConnection: close\r\n"))
      let connection = try server.connect()
      connection.send("GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
      #expect(try connection.response()["connection"] == "keep-alive")
      connection.send("GET /b HTTP/1.0\r\n\r\n")
      #expect(try connection.response().text == "GET /b [] ")
      #expect(try connection.readToEnd().isEmpty)
    }
  }

  @Test("Pipelined requests are answered in order, however many there are")
  func pipelining() async throws {
    try await withServer({ $0.maximumPipelinedResponses = 7 }) { server in
      let connection = try server.connect()
      connection.send((0..<500).map { get("/\($0)") }.joined())
      for number in 0..<500 { #expect(try connection.response().text == "GET /\(number) [] ") }
    }
  }

  @Test("Pipelined bodies of every kind keep their places")
  func pipelinedBodies() async throws {
    try await withServer { server in
      let connection = try server.connect()
      connection.send(
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none" + get("/b")
          + "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
          + get("/d")
      )
      let answers = try (0..<4).map { _ in try connection.response().text }
      #expect(answers == ["POST /a [] one", "GET /b [] ", "POST /c [] two", "GET /d [] "])
    }
  }

  @Test("An answer does not wait for the responder of the request behind it")
  func heldResponder() async throws {
    let gate = Gate()
    let responder: Responder = { request in
      if request.head.target.path == "/slow" { await gate.pass() }
      return await echo(request)
    }
    try await withServer(responder: responder) { server in
      let connection = try server.connect()
      connection.send(get("/fast") + get("/slow") + get("/behind"))
      #expect(try connection.response().text == "GET /fast [] ")
      await gate.open()
      #expect(try connection.response().text == "GET /slow [] ")
      #expect(try connection.response().text == "GET /behind [] ")
    }
  }

  @Test("A request that comes byte by byte is read like any other")
  func byteByByte() async throws {
    try await withServer { server in
      let connection = try server.connect()
      for byte
        in "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n"
        .utf8
      {
        connection.send([byte])
      }
      #expect(try connection.response().text == "POST /x [] abc")
    }
  }

  @Test("100 Continue is sent when the responder asks for the body, and not when the body is there")
  func expectContinue() async throws {
    try await withServer { server in
      let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
      let connection = try server.connect()
      connection.send(head)
      #expect(try connection.response().status == 100)
      connection.send("hello")
      #expect(try connection.response().text == "POST / [] hello")
      connection.send(head + "hello")
      #expect(try connection.response().text == "POST / [] hello")
      connection.send("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
      connection.send("hello")
      #expect(try connection.response().text == "POST / [] hello")
    }
  }

  @Test(
    "SMUG-EXPECT-100-CL-DESYNC: a responder that does not ask for the body gets no body and no next request"
  )
  func expectUnread() async throws {
    try await withServer(responder: { _ in ServerResponse(status: .unauthorized) }) { server in
      let text = try server.exchange(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello"
          + get("/smuggled")
      )
      #expect(text.hasPrefix("HTTP/1.1 401 "))
      #expect(text.contains("\r\nConnection: close\r\n"))
      #expect(text.components(separatedBy: "HTTP/1.1 ") == 1)
    }
  }

  @Test("A body nobody reads is dropped, and the next request is found behind it")
  func unreadBody() async throws {
    try await withServer(responder: { ServerResponse(status: .ok, body: Array($0.head.target.path.utf8)) }) {
      server in
      let connection = try server.connect()
      connection.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n")
      #expect(try connection.response().text == "/a")
      connection.send(String(repeating: "GET / ", count: 10_000).prefix(50_000) + get("/b"))
      #expect(try connection.response().text == "/b")
      connection.send(
        "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + get("/d")
      )
      #expect(try connection.response().text == "/c")
      #expect(try connection.response().text == "/d")
    }
  }

  @Test("A long body nobody reads ends the connection, after the answer has arrived")
  func longUnreadBody() async throws {
    try await withServer(responder: { _ in ServerResponse(status: .notFound) }) { server in
      let connection = try server.connect()
      connection.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n")
      connection.send([UInt8](repeating: 65, count: 300_000))
      connection.send(get("/smuggled"))
      let response = try connection.response()
      #expect(response.status == 404)
      #expect(response["connection"] == "close")
      #expect(try connection.readToEnd().isEmpty)
    }
  }

  @Test("HEAD, 204 and 304 have no body; HEAD keeps the length, 204 and 304 have none")
  func bodiless() async throws {
    let responder: Responder = {
      let code = Int($0.head.target.segments[0]) ?? 500
      return ServerResponse(status: .init(code: code), body: Array("hello".utf8))
    }
    try await withServer(responder: responder) { server in
      let connection = try server.connect()
      connection.send(
        "HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n" + get("/204") + get("/304") + get("/418") + get("/99")
      )
      #expect(try connection.response(toHead: true)["content-length"] == "5")
      for status in [204, 304] {
        let response = try connection.response()
        #expect(response.status == status)
        #expect(response["content-length"] == nil)
      }
      let odd = try connection.response()
      #expect(odd.status == 418)
      #expect(odd.text == "hello")
      #expect(try connection.response().status == 500)
    }
  }

  @Test("A responder can end the connection, and can not disturb the framing")
  func responderFields() async throws {
    let responder: Responder = { request in
      var fields: HeaderFields = [
        .contentLength: "1000", .transferEncoding: "chunked", .server: "x", .date: "never", .allow: "GET",
      ]
      if request.head.target.path == "/close" { fields[.connection] = "close" }
      return ServerResponse(status: .ok, fields: fields, body: Array("hello".utf8))
    }
    try await withServer(responder: responder) { server in
      let connection = try server.connect()
      connection.send(get("/") + get("/close") + get("/smuggled"))
      let first = try connection.response()
      #expect(first.values("content-length") == ["5"])
      #expect(first["transfer-encoding"] == nil)
      #expect(first["server"] == nil)
      #expect(first.values("date").count == 1)
      #expect(first["date"] != "never")
      #expect(first["allow"] == "GET")
      #expect(try connection.response()["connection"] == "close")
      #expect(try connection.readToEnd().isEmpty)
    }
  }

  @Test("A client that resets cancels its responder, and leaves nothing behind")
  func vanishingClient() async throws {
    let gate = Gate()
    let responder: Responder = { request in
      await gate.pass()
      return ServerResponse(status: .ok)
    }
    try await withServer(responder: responder) { server in
      let connection = try server.connect()
      connection.send(get("/"))
      try await eventually("the request has arrived") { await gate.arrivals == 1 }
      connection.reset()
      try await eventually("the request is cancelled") { await gate.cancellations == 1 }
      try await eventually("no connection is open") { server.server.openConnections == 0 }
    }
  }

  @Test("Clients that vanish at every stage leave nothing behind")
  func vanishingEverywhere() async throws {
    try await withServer { server in
      let request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
      for length in 0...request.utf8.count {
        let orderly = try server.connect()
        orderly.send(String(request.prefix(length)))
        orderly.close()
        let abrupt = try server.connect()
        abrupt.send(String(request.prefix(length)))
        abrupt.reset()
      }
      try await eventually("no connection is open") { server.server.openConnections == 0 }
      #expect(try server.exchange(get("/", "Connection: close\r\n")).hasPrefix("HTTP/1.1 200 OK\r\n"))
    }
  }

  @Test("Two thousand idle connections are held, and one more request is answered")
  func idleConnections() async throws {
    try await withServer { server in
      var connections: [RawConnection] = []
      for _ in 0..<2000 { connections.append(try server.connect()) }
      try await eventually("2000 connections are open") { server.server.openConnections == 2000 }
      #expect(try server.exchange(get("/", "Connection: close\r\n")).hasPrefix("HTTP/1.1 200 OK\r\n"))
      connections[1999].send(get("/x"))
      #expect(try connections[1999].response().text == "GET /x [] ")
      connections.removeAll()
      try await eventually("no connection is open") { server.server.openConnections == 0 }
    }
  }

  @Test("A large answer reaches a client that reads late")
  func largeAnswer() async throws {
    let size = 8_000_000
    try await withServer(responder: { _ in
      ServerResponse(status: .ok, body: [UInt8](repeating: 7, count: size))
    }) {
      server in
      let connection = try server.connect(receiveBufferBytes: 4096)
      connection.send(get("/"))
      #expect(try connection.response().body.count == size)
    }
  }
}
