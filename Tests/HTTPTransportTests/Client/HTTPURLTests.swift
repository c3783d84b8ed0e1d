import HTTPTransport
import Testing

@Suite("URLs of upstreams")
struct HTTPURLTests {
  @Test(
    "A URL is read into origin, base path and target",
    arguments: [
      ("http://localhost:8090/auth", "localhost:8090", "/auth", "/auth"),
      ("http://localhost:8090/auth/", "localhost:8090", "/auth", "/auth/"),
      ("https://search.example", "search.example", "", "/"),
      ("HTTPS://Search.Example/", "search.example", "", "/"),
      ("https://search.example:443/x", "search.example", "/x", "/x"),
      ("http://search.example:443/x", "search.example:443", "/x", "/x"),
      ("https://search.example:80", "search.example:80", "", "/"),
      ("http://[::1]:8094/p?a=1&b=%20", "[::1]:8094", "/p", "/p?a=1&b=%20"),
      ("http://127.0.0.1?x", "127.0.0.1", "", "/?x"),
      ("http://a_b-c.d/e%2Ff/~g", "a_b-c.d", "/e%2Ff/~g", "/e%2Ff/~g"),
    ]
  )
  func reads(text: String, authority: String, basePath: String, target: String) throws {
    let url = try HTTPURL(text)
    #expect(url.origin.authority == authority)
    #expect(url.basePath == basePath)
    #expect(url.target == target)
  }

  @Test("Scheme, host and port stand alone, the address without brackets")
  func parts() throws {
    let url = try HTTPURL("https://[2001:DB8::1]/")
    #expect(url.scheme == .https)
    #expect(url.host == "2001:db8::1")
    #expect(url.port == 443)
    #expect(try HTTPURL("http://x").port == 80)
  }

  @Test(
    "What cannot be sent safely is no URL",
    arguments: [
      ("", .unsupportedScheme), ("localhost:8090", .unsupportedScheme), ("ftp://x", .unsupportedScheme),
      ("http:/x", .unsupportedScheme), ("//x", .unsupportedScheme),
      ("http://", .invalidHost), ("http:///x", .invalidHost), ("http://:80", .invalidHost),
      ("http://a b", .invalidHost), ("http://a\r\nb", .invalidHost), ("http://caf\u{e9}", .invalidHost),
      ("http://[::1", .invalidHost), ("http://[x]", .invalidHost), ("http://[127.0.0.1]", .invalidHost),
      ("http://x:", .invalidPort), ("http://x:0", .invalidPort), ("http://x:65536", .invalidPort),
      ("http://x:+1", .invalidPort), ("http://x:8a", .invalidPort), ("http://[::1]8", .invalidPort),
      ("http://user:secret@x", .credentials), ("http://user@x/", .credentials),
      ("http://x/#f", .fragment), ("http://x#f", .fragment), ("http://x?a#f", .fragment),
      ("http://x/a b", .invalidCharacter), ("http://x/a\r\nHost: y", .invalidCharacter),
      ("http://x/%", .invalidCharacter), ("http://x/%2", .invalidCharacter),
      ("http://x/%zz", .invalidCharacter),
      ("http://x/?a=%1", .invalidCharacter), ("http://x/caf\u{e9}", .invalidCharacter),
      ("http://x/{id}", .invalidCharacter),
    ] as [(String, HTTPURLError)]
  )
  func refuses(text: String, expected: HTTPURLError) {
    #expect(throws: expected) { try HTTPURL(text) }
  }

  @Test("An error does not show the URL, which may hold a password")
  func silentErrors() {
    #expect(throws: HTTPURLError.credentials) { try HTTPURL("http://user:secret@x") }
    #expect(!HTTPURLError.credentials.description.contains("secret"))
  }

  @Test("Paths and queries are appended encoded (docs/contract/upstreams.md §3.1)")
  func appends() throws {
    let base = try HTTPURL("http://localhost:8094/base/")
    #expect(base.path("/prisoner-search/prisoner-numbers").target == "/base/prisoner-search/prisoner-numbers")
    #expect(base.path("x").target == "/base/x")
    #expect(base.path("").target == "/base")
    #expect(
      base.path("/n", query: [("responseFields", "prisonerNumber,firstName"), ("a b", "ü&=")]).target
        == "/base/n?responseFields=prisonerNumber%2CfirstName&a%20b=%C3%BC%26%3D"
    )
    #expect(base.path("/a?b#c%d\r\ne").target == "/base/a%3Fb%23c%25d%0D%0Ae")
    #expect(try HTTPURL("http://x/p?old=1").path("/q").target == "/p/q")
  }

  @Test("A value given as a segment stays one segment")
  func segments() throws {
    let base = try HTTPURL("http://x/api")
    #expect(base.path(segments: ["offenders", "A/../B", "y"]).target == "/api/offenders/A%2F..%2FB/y")
    #expect(base.path(segments: ["..", ".", "z"]).target == "/api/%2E%2E/%2E/z")
    #expect(base.path(segments: ["a"], query: [("b", "c")]).withoutQuery.target == "/api/a")
  }

  @Test("A URL prints as it was read, without a default port")
  func prints() throws {
    #expect(try HTTPURL("https://X:443/a?b").description == "https://x/a?b")
    #expect(try HTTPURL("http://x:8080").description == "http://x:8080")
  }
}
