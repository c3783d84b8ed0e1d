import HTTPTransport
import HTTPTypes
import Testing

@Suite("Framing on the wire")
struct FramingTests {
  @Test(
    "A dangerous request gets its status and Connection: close, and what follows is not read",
    arguments: refusedRequests
  )
  func refused(_ wireCase: WireCase) async throws {
    try await withServer { server in
      let connection = try server.connect()
      connection.send(wireCase.bytes + Array("GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
      let text = String(decoding: try connection.readToEnd(), as: UTF8.self)
      #expect(wireCase.statuses.contains(Int(text.dropFirst(9).prefix(3)) ?? 0), "\(text)")
      #expect(text.lowercased().contains("\r\nconnection: close\r\n"), "\(text)")
      #expect(text.components(separatedBy: "HTTP/1.1 ") == 1, "\(text)")
      #expect(!text.contains("/smuggled"))
    }
  }

  @Test("A chunked body that nobody reads is checked all the same")
  func unreadMalformedBody() async throws {
    try await withServer(responder: { _ in ServerResponse(status: .notFound) }) { server in
      let text = try server.exchange(
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5;\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n"
      )
      #expect(text.hasPrefix("HTTP/1.1 400 "))
      #expect(text.components(separatedBy: "HTTP/1.1 ") == 1)
    }
  }

  @Test("A sound request is answered, and the one behind it too", arguments: soundRequests)
  func answered(_ sound: SoundRequest) async throws {
    try await withServer { server in
      let connection = try server.connect()
      connection.send(
        sound.bytes + Array("GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
      )
      let isHead = sound.bytes.starts(with: Array("HEAD".utf8))
      let first = try connection.response(toHead: isHead)
      #expect(first.status == 200, "\(first.head)\n\(first.text)")
      #expect(first.text == sound.answer)
      #expect(try connection.response().text == "GET /next [] ")
      #expect(try connection.readToEnd().isEmpty)
    }
  }

  @Test(
    "Trailers are dropped, never merged into the fields",
    arguments: [
      "Host: evil.example", "Authorization: Bearer x",
      "Content-Type: text/html", "X-Probe: trailer",
    ]
  )
  func trailers(_ trailer: String) async throws {
    try await withServer { server in
      let connection = try server.connect()
      connection.send(
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\(trailer)\r\n\r\n"
          + "GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n"
      )
      #expect(try connection.response().text == "POST / [] hello")
      #expect(try connection.response().text == "GET /next [] ")
    }
  }

  @Test("A body cut short by the client's end is refused")
  func undersent() async throws {
    try await withServer { server in
      for request in [
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello",
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      ] {
        let connection = try server.connect()
        connection.send(request)
        connection.finishWriting()
        #expect(try connection.response().status == 400)
        #expect(try connection.readToEnd().isEmpty)
      }
    }
  }

  @Test("A head cut short by the client's end gets no answer")
  func incompleteHead() async throws {
    try await withServer { server in
      let connection = try server.connect()
      connection.send("GET / HTTP/1.1\r\nHost: localhost\r\nX-Test: value")
      connection.finishWriting()
      #expect(try connection.isClosedSilently())
    }
  }
}

struct SoundRequest: CustomTestStringConvertible, Sendable {
  let id: String
  let bytes: [UInt8]
  let answer: String

  init(_ id: String, _ text: String, _ answer: String) {
    self.id = id
    bytes = Array(text.utf8)
    self.answer = answer
  }

  var testDescription: String { id }
}

private let chunkedHead = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"

let soundRequests = [
  SoundRequest("COMP-BASELINE", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET / [] "),
  SoundRequest("COMP-LEADING-CRLF (one)", "\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET / [] "),
  SoundRequest(
    "COMP-ABSOLUTE-FORM",
    "GET http://localhost/a?b=c HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n",
    "GET /a?b=c [] "
  ),
  SoundRequest(
    "absolute-form, no path",
    "GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET / [] "
  ),
  SoundRequest(
    "absolute-form, query alone",
    "GET HTTPS://localhost?a=1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /?a=1 [] "
  ),
  SoundRequest(
    "absolute-form, the scheme's port in one of both",
    "GET http://localhost:80/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /a [] "
  ),
  SoundRequest(
    "absolute-form, the scheme's port in the field",
    "GET https://localhost/a HTTP/1.1\r\nHost: localhost:443\r\n\r\n",
    "GET /a [] "
  ),
  SoundRequest(
    "absolute-form, a final dot in one of both",
    "GET http://localhost./a HTTP/1.1\r\nHost: LocalHost:80\r\n\r\n",
    "GET /a [] "
  ),
  SoundRequest("Host with a port", "GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n", "GET / [] "),
  SoundRequest("Host as IPv6", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "GET / [] "),
  SoundRequest(
    "no blank before a value",
    "GET / HTTP/1.1\r\nHost:localhost\r\nX-Probe:a\r\n\r\n",
    "GET / [a] "
  ),
  SoundRequest(
    "blanks around a value",
    "GET / HTTP/1.1\r\nHost: \tlocalhost \r\nX-Probe:  a b \t\r\n\r\n",
    "GET / [a b] "
  ),
  SoundRequest("empty value", "GET / HTTP/1.1\r\nHost: localhost\r\nX-Probe:\r\n\r\n", "GET / [] "),
  SoundRequest(
    "repeated field",
    "GET / HTTP/1.1\r\nHost: localhost\r\nx-probe: a\r\nX-PROBE: b\r\n\r\n",
    "GET / [a, b] "
  ),
  SoundRequest(
    "obs-text in a value",
    "GET / HTTP/1.1\r\nHost: localhost\r\nX-Probe: \u{e9}\r\n\r\n",
    "GET / [\u{e9}] "
  ),
  SoundRequest(
    "COMP-LONG-URL-OK",
    "GET /\(String(repeating: "a", count: 8000)) HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /\(String(repeating: "a", count: 8000)) [] "
  ),
  SoundRequest(
    "100 fields",
    "GET / HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: "A: b\r\n", count: 99))\r\n",
    "GET / [] "
  ),
  SoundRequest(
    "COMP-POST-CL-BODY",
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
    "POST / [] hello"
  ),
  SoundRequest(
    "COMP-POST-CL-ZERO",
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    "POST / [] "
  ),
  SoundRequest("COMP-POST-NO-CL-NO-TE", "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", "POST / [] "),
  SoundRequest(
    "SMUG-CL-TRAILING-SPACE",
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5 \r\n\r\nhello",
    "POST / [] hello"
  ),
  SoundRequest(
    "SMUG-GET-CL-BODY-DESYNC",
    "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
    "GET / [] hello"
  ),
  SoundRequest(
    "SMUG-OPTIONS-CL-BODY",
    "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
    "OPTIONS / [] hello"
  ),
  SoundRequest(
    "SMUG-HEAD-CL-BODY",
    "HEAD / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
    ""
  ),
  SoundRequest("COMP-HEAD-NO-BODY", "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
  SoundRequest("COMP-OPTIONS-STAR", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
  SoundRequest("COMP-CHUNKED-BODY", "\(chunkedHead)\r\n5\r\nhello\r\n0\r\n\r\n", "POST / [] hello"),
  SoundRequest(
    "COMP-CHUNKED-MULTI",
    "\(chunkedHead)\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    "POST / [] hello world"
  ),
  SoundRequest("COMP-CHUNKED-EMPTY", "\(chunkedHead)\r\n0\r\n\r\n", "POST / [] "),
  SoundRequest(
    "COMP-CHUNKED-HEX-UPPERCASE",
    "\(chunkedHead)\r\nA\r\nhelloworld\r\n0\r\n\r\n",
    "POST / [] helloworld"
  ),
  SoundRequest(
    "COMP-CHUNKED-EXTENSION",
    "\(chunkedHead)\r\n5;ext=value\r\nhello\r\n0\r\n\r\n",
    "POST / [] hello"
  ),
  SoundRequest(
    "quoted chunk extension",
    "\(chunkedHead)\r\n5;a=\"b;\\\"c\";d\r\nhello\r\n0;e=f\r\n\r\n",
    "POST / [] hello"
  ),
  SoundRequest(
    "COMP-CHUNKED-TRAILER-VALID",
    "\(chunkedHead)\r\n5\r\nhello\r\n0\r\nX-Checksum: abc\r\n\r\n",
    "POST / [] hello"
  ),
  SoundRequest(
    "SMUG-TE-CASE-MISMATCH",
    "POST / HTTP/1.1\r\nHost: localhost\r\ntransfer-encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "POST / [] hello"
  ),
  SoundRequest(
    "COMP-UPGRADE-UNKNOWN",
    "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: totally-made-up/1.0\r\n\r\n",
    "GET / [] "
  ),
  SoundRequest(
    "COMP-RANGE-POST",
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nRange: bytes=0-10\r\n\r\nhello",
    "POST / [] hello"
  ),
  SoundRequest(
    "NORM-UNDERSCORE-CL",
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\nContent_Length: 99\r\n\r\nhello world",
    "POST / [] hello world"
  ),
]

extension String {
  /// How many times a text occurs.
  func components(separatedBy text: String) -> Int {
    var count = 0
    var rest = self[...]
    while let found = rest.firstRange(of: text) {
      count += 1
      rest = rest[found.upperBound...]
    }
    return count
  }
}
