import EventLoops
import HTTPTransport
import HTTPTypes
import Testing
import Time

private typealias Step = ScriptedServer.Step

private let ok = Step.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

private let lateText = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

extension ScriptedServer.Step {
  /// What a server sends when it has waited long enough for a request.
  fileprivate static let late = send(lateText)
}

@Suite("Client: connections", .timeLimit(.minutes(1)))
struct ClientConnectionTests {
  @Test("Requests one after the other share a connection")
  func keepAlive() async throws {
    try await ClientFixture.run([[.request, ok, .request, ok, .request, ok]]) { fixture in
      for path in ["/a", "/b", "/c"] {
        let answer = try await fixture.send(path)
        #expect(answer.status == .ok)
        #expect(answer.body == Array("ok".utf8))
        #expect(await fixture.usage() == [0, 1, 0])
      }
      #expect(await fixture.server.accepted == 1)
      #expect(await fixture.server.texts.map { $0.prefix(6) } == ["GET /a", "GET /b", "GET /c"])
    }
  }

  @Test(
    "An answer may be chunked, come in pieces, follow interim ones, or end with the connection",
    arguments: [
      (["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"], "hello", 1),
      (
        ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Le", "ngth: 5\r\n\r\nhe", "llo"],
        "hello", 1
      ),
      (["HTTP/1.1 204 No Content\r\n\r\n"], "", 1),
      (["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"], "hello", 0),
      (["HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"], "hello", 0),
      (["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\n"], "hello", 0),
    ]
  )
  func answers(pieces: [String], body: String, idle: Int) async throws {
    let script = [.request] + pieces.map(Step.send) + [.awaitClose]
    try await ClientFixture.run([script]) { fixture in
      #expect(try await fixture.send().body == Array(body.utf8))
      // Where the connection is not kept, the server sees its end; a late piece is noticed while it is idle.
      if idle == 0 { try await fixture.server.wait("the client closes") { $0.leftByClient == [0] } }
      #expect(await fixture.usage() == [0, idle, 0])
    }
  }

  @Test("A body without a length ends with the connection, which is not kept")
  func untilClose() async throws {
    try await ClientFixture.run([[.request, .send("HTTP/1.1 200 OK\r\n\r\nhello"), .finish]]) { fixture in
      let answer = try await fixture.send()
      #expect(answer.body == Array("hello".utf8))
      #expect(await fixture.usage() == [0, 0, 0])
    }
  }

  @Test("An answer to HEAD has no body, and the connection goes on")
  func head() async throws {
    let head = Step.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
    try await ClientFixture.run([[.request, head, .request, ok]]) { fixture in
      let answer = try await fixture.send(method: .head)
      #expect(answer.body.isEmpty)
      #expect(answer.fields[.contentLength] == "99")
      #expect(try await fixture.send().body == Array("ok".utf8))
      #expect(await fixture.server.accepted == 1)
    }
  }

  @Test("A large body is sent whole")
  func largeBody() async throws {
    try await ClientFixture.run([[.request, ok]]) { fixture in
      let body = [UInt8](repeating: UInt8(ascii: "b"), count: 300_000)
      _ = try await fixture.send(method: .post, body: body)
      let text = try #require(await fixture.server.texts.first)
      #expect(text.contains("Content-Length: 300000\r\n"))
      #expect(text.utf8.count > 300_000)
    }
  }

  @Test("An upstream that answers before it has read the request, and reads on, is heard")
  func earlyAnswer() async throws {
    let refusal = Step.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
    try await ClientFixture.run([[refusal, .finish]]) { fixture in
      let body = [UInt8](repeating: 0, count: 8_000_000)
      let answer = try await fixture.send(method: .post, body: body)
      #expect(answer.status == .contentTooLarge)
      #expect(await fixture.usage() == [0, 0, 0])
    }
  }

  // MARK: Retry

  @Test(
    "A reused connection that is closed before any byte of the answer is replaced once",
    arguments: [
      (.get, nil), (.head, nil), (.put, nil), (.delete, nil), (.options, nil), (.post, true),
    ] as [(HTTPRequest.Method, Bool?)]
  )
  func retries(method: HTTPRequest.Method, isIdempotent: Bool?) async throws {
    let answer = Step.send("HTTP/1.1 204 No Content\r\n\r\n")
    try await ClientFixture.run([[.request, ok, .request, .close], [.request, answer]]) { fixture in
      _ = try await fixture.send("/first")
      let second = try await fixture.send("/second", method: method, isIdempotent: isIdempotent)
      #expect(second.status == .noContent)
      #expect(await fixture.server.requests.map(\.connection) == [0, 0, 1])
      #expect(await fixture.usage() == [0, 1, 0])
    }
  }

  @Test(
    "What may not be sent twice is not, and goes out on a connection of its own",
    arguments: [
      (.post, nil), (.patch, nil), (.get, false),
    ] as [(HTTPRequest.Method, Bool?)]
  )
  func doesNotRetry(method: HTTPRequest.Method, isIdempotent: Bool?) async throws {
    try await ClientFixture.run([[.request, ok, .awaitClose], [.request, .close], [.request, ok]]) {
      fixture in
      _ = try await fixture.send()
      #expect(await fixture.failure(method: method, isIdempotent: isIdempotent) == .closedBeforeAnswer)
      #expect(await fixture.server.accepted == 2)
      #expect(await fixture.usage() == [0, 0, 0])
    }
  }

  @Test(
    "408 on a kept connection answers nobody: the request goes out again on a new one",
    arguments: [
      // Before the request, with it, and with the end of the connection.
      [[.request, ok, .gate("late"), .late, .finish], [.request, ok]],
      [[.request, ok, .request, .late, .finish], [.request, ok]],
      [[.request, ok, .request, .late, .awaitClose], [.request, ok]],
      [[.request, ok, .request, .late, .close], [.request, ok]],
      [
        [.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + lateText), .finish],
        [.request, ok],
      ],
    ] as [[[ScriptedServer.Step]]],
    [(.get, nil), (.post, nil), (.put, false), (.post, true), (.delete, nil)] as [(HTTPRequest.Method, Bool?)]
  )
  func late408(scripts: [[ScriptedServer.Step]], call: (HTTPRequest.Method, Bool?))
    async throws
  {
    try await ClientFixture.run(scripts) { fixture in
      _ = try await fixture.send("/first")
      await fixture.server.open("late")
      let second = try await fixture.send("/second", method: call.0, isIdempotent: call.1)
      #expect(second.status == .ok)
      #expect(await fixture.server.accepted == 2)
      #expect(await fixture.server.requests.last?.connection == 1)
    }
  }

  @Test("408 on a new connection is the answer", arguments: [.get, .post] as [HTTPRequest.Method])
  func early408(method: HTTPRequest.Method) async throws {
    try await ClientFixture.run([[.request, .late, .awaitClose]]) { (fixture) async throws in
      #expect(try await fixture.send(method: method).status == .requestTimeout)
      #expect(await fixture.server.accepted == 1)
    }
    try await ClientFixture.run([
      [.request, ok, .request, .late, .awaitClose], [.request, .late, .awaitClose],
    ]) {
      fixture in
      _ = try await fixture.send()
      #expect(try await fixture.send().status == .requestTimeout)
      #expect(await fixture.server.accepted == 2)
    }
  }

  @Test("An upstream that closes after exactly its idle time leaves no change's outcome unknown")
  func changesAtTheIdleTime() async throws {
    try await IdleUpstream.run(closingAfter: .milliseconds(3)) { url, upstream in
      let client = HTTPClient(group: ClientFixture.clientLoops)
      var failures = 0
      for number in 0..<1000 {
        // Around that time: from half to one and a half of it.
        try await Task.sleep(for: .microseconds(1500 + number * 3))
        let request = ClientRequest(method: .put, url: url, body: [0x7b, 0x7d], isIdempotent: false)
        do {
          _ = try await client.send(request, deadline: .now() + .seconds(10))
        } catch {
          failures += 1
        }
      }
      await client.shutdown()
      #expect(failures == 0)
      #expect(await upstream.answered == 1000)
    }
  }

  @Test("There is no second retry, and none on a new connection")
  func oneRetry() async throws {
    try await ClientFixture.run([[.request, ok, .request, .close], [.request, .close]]) { fixture in
      _ = try await fixture.send()
      #expect(await fixture.failure() == .closedBeforeAnswer)
      #expect(await fixture.server.accepted == 2)
      #expect(await fixture.failure() == .closedBeforeAnswer)
      #expect(await fixture.server.accepted == 3)
    }
  }

  @Test("An answer that has begun is not asked for again")
  func noRetryAfterFirstByte() async throws {
    try await ClientFixture.run([[.request, ok, .request, .send("H"), .finish]]) { fixture in
      _ = try await fixture.send()
      #expect(await fixture.failure() == .truncatedAnswer)
      #expect(await fixture.server.accepted == 1)
    }
  }

  // MARK: Bad answers

  @Test(
    "A bad answer is an error, ends its connection and frees its slot",
    arguments: [
      ([.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), .finish], .truncatedAnswer),
      ([.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"), .finish], .truncatedAnswer),
      ([.send("HTTP/1.1 200 OK\r\nContent-Le"), .finish], .truncatedAnswer),
      ([.finish], .closedBeforeAnswer),
      ([.send("SSH-2.0-x\r\n"), .awaitClose], .malformedAnswer("invalid status line")),
      (
        [.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), .awaitClose],
        .malformedAnswer("both Content-Length and Transfer-Encoding")
      ),
      (
        [.send("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), .awaitClose], .answerTooLarge(limit: 1000)
      ),
      ([.send("HTTP/1.1 200 OK\r\n\r\n"), .fill(1001), .awaitClose], .answerTooLarge(limit: 1000)),
      (
        [.send("HTTP/1.1 200 OK\r\nX: "), .fill(70_000), .awaitClose],
        .malformedAnswer("head larger than 65536 bytes")
      ),
    ] as [([ScriptedServer.Step], HTTPClientError)]
  )
  func badAnswers(steps: [ScriptedServer.Step], expected: HTTPClientError) async throws {
    try await ClientFixture.run([[.request] + steps, [.request, ok]]) { fixture in
      #expect(await fixture.failure(maximumResponseBytes: 1000) == expected)
      try await fixture.server.wait("the client closes") { $0.leftByClient == [0] }
      #expect(await fixture.usage() == [0, 0, 0])
      #expect(try await fixture.send().status == .ok)
    }
  }

  @Test("A connection that is reset before the answer is an error")
  func reset() async throws {
    try await ClientFixture.run([[.close]]) { fixture in
      #expect(await fixture.failure() == .closedBeforeAnswer)
      #expect(await fixture.usage() == [0, 0, 0])
    }
  }
}
