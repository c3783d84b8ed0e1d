import EventLoops
import HTTPTypes
import Testing
import Time

@testable import HTTPTransport

@Suite("Fields of every response")
struct ResponseFieldTests {
  private let securityFields = [
    ("x-content-type-options", "nosniff"), ("x-xss-protection", "0"), ("x-frame-options", "SAMEORIGIN"),
  ]
  private let cacheFields = [
    ("cache-control", "no-cache, no-store, max-age=0, must-revalidate"), ("pragma", "no-cache"),
    ("expires", "0"),
  ]

  private func response(
    _ fields: HeaderFields,
    request: String = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  ) async throws -> RawConnection.Response {
    var answer: RawConnection.Response?
    try await withServer(responder: { _ in ServerResponse(status: .ok, fields: fields) }) { server in
      let connection = try server.connect()
      connection.send(request)
      answer = try connection.response()
    }
    return try #require(answer)
  }

  @Test("Security and cache fields are there, Server, Vary and HSTS are not (docs/contract/platform.md §1.8)")
  func defaults() async throws {
    let answer = try await response([:])
    for (name, value) in securityFields + cacheFields { #expect(answer.values(name) == [value]) }
    for name in ["server", "vary", "etag", "strict-transport-security"] { #expect(answer[name] == nil) }
    #expect(answer.values("date").count == 1)
  }

  @Test("A refused request gets them too")
  func refused() async throws {
    let answer = try await response([:], request: "GET / HTTP/1.1\r\n\r\n")
    #expect(answer.status == 400)
    for (name, value) in securityFields + cacheFields { #expect(answer.values(name) == [value]) }
  }

  @Test("A responder's own cache field replaces all three; its own security field replaces that one")
  func own() async throws {
    let cached = try await response([.cacheControl: "max-age=60"])
    #expect(cached.values("cache-control") == ["max-age=60"])
    #expect(cached["pragma"] == nil)
    #expect(cached["expires"] == nil)
    let framed = try await response([HTTPField.Name("X-Frame-Options")!: "DENY"])
    #expect(framed.values("x-frame-options") == ["DENY"])
    #expect(framed["x-content-type-options"] == "nosniff")
    #expect(framed["x-xss-protection"] == "0")
  }

  @Test(
    "A trusted proxy that says https makes the request secure",
    arguments: [
      ("X-Forwarded-Proto: https\r\n", true), ("X-Forwarded-Proto: HTTPS, http\r\n", true),
      ("X-Forwarded-Proto: http\r\n", false), ("X-Forwarded-Proto: http, https\r\n", false), ("", false),
    ]
  )
  func forwarded(_ field: String, isSecure: Bool) async throws {
    let answer = try await response([:], request: "GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n")
    #expect(
      answer.values("strict-transport-security") == (isSecure ? ["max-age=31536000 ; includeSubDomains"] : [])
    )
  }

  @Test(
    "The client is the last address that is no trusted proxy's, however many it makes up before it",
    arguments: [
      ("127.0.0.1", nil, "127.0.0.1"), ("127.0.0.1", "8.8.8.8", "8.8.8.8"),
      ("10.0.0.1", "1.1.1.1, 8.8.8.8 , 10.0.0.2", "8.8.8.8"), ("9.9.9.9", "8.8.8.8", "9.9.9.9"),
      ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"), ("10.0.0.1", "8.8.8.8:4711", "8.8.8.8"),
      ("::1", "[2001:db8::1]:443", "2001:db8::1"), ("::1", "2001:db8::1", "2001:db8::1"),
      ("10.0.0.1", "8.8.8.8, made up\"", "10.0.0.1"), ("10.0.0.1", "8.8.8.8, , 10.0.0.2", "10.0.0.2"),
      ("10.0.0.1", "", "10.0.0.1"), ("10.0.0.1", "[", "10.0.0.1"),
      ("fd00::2", "2001:DB8::1, fd12:3456::1 , ::ffff:10.0.0.9", "2001:db8::1"),
      ("fe80::1%1", "2001:db8::7", "2001:db8::7"), ("fd00::2", "8.8.8.8, fe80::1%eth0", "8.8.8.8"),
      ("::ffff:10.0.0.1", "::ffff:8.8.8.8", "8.8.8.8"), ("2001:db8::2", "8.8.8.8", "2001:db8::2"),
    ]
  )
  func client(_ peer: String, _ field: String?, _ client: String) throws {
    let peer = try #require(SocketAddress(numeric: peer, port: 1))
    #expect(ForwardedTrust.client(of: peer, forwardedFor: field) == client)
  }

  @Test("No more proxies are looked through than there can be")
  func hops() throws {
    let peer = try #require(SocketAddress(numeric: "10.0.0.1", port: 1))
    let proxies = (1...40).map { "10.0.1.\($0)" }.joined(separator: ",")
    #expect(ForwardedTrust.client(of: peer, forwardedFor: "8.8.8.8,\(proxies)") == "10.0.1.25")
  }

  @Test(
    "Dates are written as IMF-fixdate",
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
      (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 GMT"), (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
    ]
  )
  func date(_ seconds: Int64, _ text: String) { #expect(DateField.text(Timestamp(seconds: seconds)) == text) }

  @Test("A field value can not split the response")
  func splitting() async throws {
    let answer = try await response([.location: "/a\r\nX-Evil: 1\r\n\r\nHTTP/1.1 200 OK"])
    #expect(answer["x-evil"] == nil)
    #expect(answer["location"] == "/a  X-Evil: 1    HTTP/1.1 200 OK")
  }
}
