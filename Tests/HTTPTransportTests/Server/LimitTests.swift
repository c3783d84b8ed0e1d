import HTTPTransport
import HTTPTypes
import TestKit
import Testing

@Suite("Limits and deadlines")
struct LimitTests {
  @Test("A slow head gets 408 within the time for a head, however steadily it drips")
  func slowHead() async throws {
    try await withServer({ $0.headerReadTimeout = .milliseconds(300) }) { server in
      let connection = try server.connect()
      connection.send("GET / HTTP/1.1\r\nHost: a\r\n")
      let dripping = Task {
        while !Task.isCancelled {
          connection.drip()
          try? await Task.sleep(for: .milliseconds(30))
        }
      }
      let response = try connection.response()
      dripping.cancel()
      #expect(response.status == 408)
      #expect(response["connection"] == "close")
      #expect(try connection.readToEnd().isEmpty)
    }
  }

  @Test("An idle connection is closed without a word, before and after a request")
  func idle() async throws {
    try await withServer({ $0.idleTimeout = .milliseconds(200) }) { server in
      let silent = try server.connect()
      #expect(try silent.isClosedSilently())
      let used = try server.connect()
      used.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try used.response().status == 200)
      #expect(try used.isClosedSilently())
    }
  }

  @Test("A body that stops coming is too slow: 408 and close")
  func stalledBody() async throws {
    try await withServer({ $0.bodyReadTimeout = .milliseconds(200) }) { server in
      for framing in ["Content-Length: 10\r\n\r\nhel", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"] {
        let connection = try server.connect()
        connection.send("POST / HTTP/1.1\r\nHost: a\r\n\(framing)")
        let response = try connection.response()
        #expect(response.status == 408)
        #expect(response["connection"] == "close")
        #expect(try connection.readToEnd().isEmpty)
      }
    }
  }

  @Test("A body at the least rate is read beyond the first time-out")
  func steadyBody() async throws {
    // 100 bytes a second would be allowed; 4,000 bytes come at once and buy 40 s for the rest.
    try await withServer({
      $0.bodyReadTimeout = .milliseconds(100)
      $0.minimumBodyBytesPerSecond = 100
    }) { server in
      let connection = try server.connect()
      connection.send(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4001\r\n\r\n" + String(repeating: "a", count: 4000)
      )
      try await Task.sleep(for: .milliseconds(300))
      connection.send("b")
      #expect(try connection.response().text.hasSuffix("aab"))
    }
  }

  @Test("A body still coming when the request's time is over is too slow as well")
  func bodyOverDeadline() async throws {
    try await withServer({ $0.requestTimeout = .milliseconds(200) }) { server in
      let connection = try server.connect()
      connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhel")
      #expect(try connection.response().status == 408)
      #expect(try connection.readToEnd().isEmpty)
    }
  }

  @Test("A body over the limit is refused with 413, before it is asked for")
  func largeBody() async throws {
    try await withServer({ $0.maximumBodyBytes = 10 }) { server in
      for request in [
        "Content-Length: 11\r\nExpect: 100-continue\r\n\r\n", "Content-Length: 11\r\n\r\nhello world",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
      ] {
        let text = try server.exchange("POST / HTTP/1.1\r\nHost: a\r\n\(request)")
        #expect(text.hasPrefix("HTTP/1.1 413 "))
        #expect(text.contains("\r\nConnection: close\r\n"))
      }
      let fits = try server.exchange(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n0123456789"
      )
      #expect(fits.hasSuffix("POST / [] 0123456789"))
    }
  }

  @Test(
    "A responder that takes too long is answered for with 503 and cancelled; earlier answers arrive before"
  )
  func requestDeadline() async throws {
    let gate = Gate()
    let responder: Responder = { request in
      if request.head.target.path == "/slow" { await gate.pass() }
      return await echo(request)
    }
    try await withServer({ $0.requestTimeout = .milliseconds(200) }, responder: responder) { server in
      let connection = try server.connect()
      connection.send(
        "GET /fast HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /behind HTTP/1.1\r\nHost: a\r\n\r\n"
      )
      #expect(try connection.response().text == "GET /fast [] ")
      let response = try connection.response()
      #expect(response.status == 503)
      #expect(response["retry-after"] == "1")
      #expect(response["connection"] == "close")
      #expect(try connection.readToEnd().isEmpty)
      try await eventually("the request is cancelled") { await gate.cancellations == 1 }
      try await eventually("no connection is open") { server.server.openConnections == 0 }
    }
  }

  @Test("The deadline of one request does not touch those after it on the connection")
  func deadlineIsPerRequest() async throws {
    try await withServer({ $0.requestTimeout = .milliseconds(150) }) { server in
      let connection = try server.connect()
      for number in 0..<8 {
        connection.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try connection.response().text == "GET /\(number) [] ")
        try await Task.sleep(for: .milliseconds(40))
      }
    }
  }

  @Test("A client that does not take its answer is given up")
  func slowReader() async throws {
    try await withServer(
      {
        $0.writeTimeout = .milliseconds(200)
        $0.minimumBodyBytesPerSecond = 0
      },
      responder: { _ in ServerResponse(status: .ok, body: [UInt8](repeating: 7, count: 20_000_000)) }
    ) { server in
      let connection = try server.connect(receiveBufferBytes: 4096)
      connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      try await eventually("the one connection is closed") {
        server.server.acceptedConnections == 1 && server.server.openConnections == 0
      }
    }
  }

  @Test("A connection too many is told 503 and counted; there is room again when one has left")
  func connections() async throws {
    let gate = Gate()
    let responder: Responder = { request in
      if request.head.target.path == "/slow" { await gate.pass() }
      return await echo(request)
    }
    try await withServer({ $0.maximumConnections = 2 }, responder: responder) { server in
      let first = try server.connect()
      let second = try server.connect()
      for busy in [first, second] { busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n") }
      try await eventually("both requests have arrived") { await gate.arrivals == 2 }
      let third = try server.connect()
      let response = try third.response()
      #expect(response.status == 503)
      #expect(response["retry-after"] == "1")
      #expect(response["connection"] == "close")
      #expect(server.server.refusedConnections == 1)
      first.reset()
      try await eventually("one connection is open") { server.server.openConnections == 1 }
      #expect(try server.exchange("GET / HTTP/1.0\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
      second.close()
    }
  }

  @Test("The server's own answers can be shaped, and keep their framing and security fields")
  func errorResponses() async throws {
    try await withServer({
      $0.errorResponse = { status, reason in
        ServerResponse(
          status: status,
          fields: [.contentType: "application/json"],
          body: Array("{\"\(status.code)\":\"\(reason)\"}".utf8)
        )
      }
    }) { server in
      let connection = try server.connect()
      connection.send("GET / HTTP/1.1\r\n\r\n")
      let response = try connection.response()
      #expect(response.status == 400)
      #expect(response.text == #"{"400":"Host missing"}"#)
      #expect(response["content-type"] == "application/json")
      #expect(response["x-content-type-options"] == "nosniff")
      #expect(response["connection"] == "close")
    }
  }
}
