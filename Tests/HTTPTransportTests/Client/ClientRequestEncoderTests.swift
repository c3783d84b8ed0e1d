import EventLoops
import HTTPTypes
import Testing

@testable import HTTPTransport

@Suite("Encoder of requests")
struct ClientRequestEncoderTests {
  private static func encode(_ request: ClientRequest) -> String {
    var output = ByteBuffer()
    RequestEncoder.encode(request, into: &output)
    return String(decoding: output.readable, as: UTF8.self)
  }

  @Test("A GET has no body and no length; Host carries a port that is not the scheme's")
  func get() throws {
    let request = ClientRequest(
      url: try HTTPURL("http://localhost:8090/auth").path("/x", query: [("a", "b c")]),
      fields: [.accept: "*/*"]
    )
    #expect(
      Self.encode(request) == "GET /auth/x?a=b%20c HTTP/1.1\r\nHost: localhost:8090\r\nAccept: */*\r\n\r\n"
    )
    #expect(
      Self.encode(ClientRequest(url: try HTTPURL("https://search.example:443")))
        == "GET / HTTP/1.1\r\nHost: search.example\r\n\r\n"
    )
    #expect(
      Self.encode(ClientRequest(url: try HTTPURL("http://[::1]:81/")))
        == "GET / HTTP/1.1\r\nHost: [::1]:81\r\n\r\n"
    )
  }

  @Test("Head and body go out in one piece, with their length")
  func post() throws {
    let request = ClientRequest(
      method: .post,
      url: try HTTPURL("http://x/y"),
      fields: [.contentType: "application/json"],
      body: Array("{\"a\":1}".utf8)
    )
    #expect(
      Self.encode(request)
        == "POST /y HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
    )
  }

  @Test(
    "A method that anticipates a body says so when it has none",
    arguments: [
      (.post, true), (.put, true), (.patch, true), (.get, false), (.delete, false), (.head, false),
    ] as [(HTTPRequest.Method, Bool)]
  )
  func emptyBody(method: HTTPRequest.Method, hasLength: Bool) throws {
    let text = Self.encode(ClientRequest(method: method, url: try HTTPURL("http://x")))
    #expect(text.contains("Content-Length: 0\r\n") == hasLength)
  }

  @Test("Fields that frame the message or belong to the connection are not taken from the caller")
  func ownFields() throws {
    var request = ClientRequest(method: .post, url: try HTTPURL("http://x"), body: [])
    request.fields = [
      try #require(HTTPField.Name("host")): "evil", .contentLength: "999", .transferEncoding: "chunked",
      .connection: "close",
      .acceptEncoding: "gzip", .expect: "100-continue", .userAgent: "gateway",
    ]
    #expect(
      Self.encode(request) == "POST / HTTP/1.1\r\nHost: x\r\nUser-Agent: gateway\r\nContent-Length: 0\r\n\r\n"
    )
  }

  @Test(
    "No value can end its line or the head",
    arguments: ["a\r\nEvil: 1", "a\nEvil: 1", "a\r\n\r\nGET / HTTP/1.1", "a\0b"]
  )
  func splitting(value: String) throws {
    let text = Self.encode(
      ClientRequest(url: try HTTPURL("http://x"), fields: [.authorization: value, .accept: "*/*"])
    )
    #expect(text.split(separator: "\r\n", omittingEmptySubsequences: false).count == 6)
    #expect(!text.contains("\nEvil"))
    #expect(!text.contains("\0"))
  }

  @Test("Idempotency goes by the method unless the caller says otherwise")
  func idempotency() throws {
    let url = try HTTPURL("http://x")
    for method in [HTTPRequest.Method.get, .head, .put, .delete, .options] {
      #expect(ClientRequest(method: method, url: url).isIdempotent)
    }
    #expect(!ClientRequest(method: .post, url: url).isIdempotent)
    #expect(!ClientRequest(method: .patch, url: url).isIdempotent)
    #expect(ClientRequest(method: .post, url: url, isIdempotent: true).isIdempotent)
  }
}
