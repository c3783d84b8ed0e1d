import Testing

@testable import HTTPTransport

@Suite("Hosts")
struct HTTPHostTests {
  @Test(
    "One host in all its spellings",
    arguments: [
      (
        "na.example.test",
        ["NA.Example.TEST", "na.example.test.", "na.example.test:80", "na.example.test.:8443"]
      ),
      ("[2001:db8::1]", ["[2001:DB8:0:0::1]", "[2001:db8::0001]:443", "2001:db8::1", "2001:0DB8::1"]),
      ("[::1]", ["[0:0:0:0:0:0:0:1]:1", "::1", "[::0.0.0.1]"]),
      ("127.0.0.1", ["127.0.0.1:8080", "127.0.0.1."]), ("x", ["X", "x.", "X:0"]),
      ("a_b-c~1", ["A_B-C~1."]),
    ]
  )
  func same(host: String, spellings: [String]) throws {
    let host = try #require(HTTPHost(host))
    for spelling in spellings {
      #expect(HTTPHost(spelling) == host)
      // What a field says is never an address without brackets.
      if spelling.contains("[") || !spelling.contains("::") { #expect(Self.isNamed(host, by: spelling)) }
    }
    #expect(host.description.utf8.allSatisfy { $0 != 0x2e } || host.description.utf8.last != 0x2e)
  }

  @Test(
    "Other hosts",
    arguments: [
      "na.example.tes", "na.example.test.x", "xna.example.test", "na-example.test", "na.example.test%2e", "",
      "[na.example.test]", "na.example.te\u{73}\u{323}t", "na.example.test..", ":80", "[::1]",
      "na.example.test:80.",
    ]
  )
  func others(text: String) throws {
    let host = try #require(HTTPHost("na.example.test"))
    #expect(HTTPHost(text) != host)
    if text != "na.example.test:80." { #expect(!Self.isNamed(host, by: text)) }
  }

  private static func isNamed(_ host: HTTPHost, by text: String) -> Bool {
    host.isNamed(by: text.utf8Span.span)
  }

  @Test(
    "What is no host",
    arguments: [
      "", ".", "..", "a..b", ".a", "https://a", "a/b", "a b", "*.a", "user@a", "a:", "a:123456", "a:8x",
      "[::1", "::1%1",
      "caf\u{e9}", "\u{212A}", "a,b", "[]", String(repeating: "a", count: 261),
    ]
  )
  func refused(text: String) { #expect(HTTPHost(text) == nil) }

  @Test(
    "Two authorities are one when host and port are, the scheme's port counted (RFC 9110 §4.2.3)",
    arguments: [
      ("x:80", "x", 80, true), ("x", "X:80", 80, true), ("x:443", "x", 443, true), ("x:443", "x", 80, false),
      ("x:80", "x", 443, false), ("x:0080", "x", 80, true), ("x.", "x", 80, true), ("x.:80", "X", 80, true),
      ("[::1]", "[0::1]:80", 80, true), ("[::1]", "[::2]", 80, false), ("x", "y", 80, false),
      ("x:81", "x:81", 80, true), ("x:81", "x:82", 80, false),
    ]
  )
  func authorities(left: String, right: String, port: Int, isSame: Bool) {
    #expect(Self.areSame(left, right, port) == isSame)
    #expect(Self.areSame(right, left, port) == isSame)
  }

  private static func areSame(_ left: String, _ right: String, _ port: Int) -> Bool {
    Authority.areSame(left.utf8Span.span, right.utf8Span.span, defaultPort: port)
  }
}
