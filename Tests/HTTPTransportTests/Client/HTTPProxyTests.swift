import Testing

@testable import HTTPTransport

@Suite("Proxy settings")
struct HTTPProxyTests {
  @Test(
    "Host and port are taken from a URL with or without scheme, user and path; the port is 3128 where none is named",
    arguments: [
      ("proxy", "proxy:3128"), ("proxy:8080", "proxy:8080"), ("http://proxy", "proxy:3128"),
      ("https://Proxy.Example:443/", "proxy.example:443"), ("HTTP://proxy:80", "proxy:80"),
      ("http://user:pa@ss@proxy:1/path?query#x", "proxy:1"), ("user@proxy", "proxy:3128"),
      ("10.0.0.1:3129", "10.0.0.1:3129"), ("[::1]:3129", "[::1]:3129"),
      ("http://[fd00::1]", "[fd00::1]:3128"),
      ("  proxy:8080\t", "proxy:8080"),
    ]
  )
  func addresses(text: String, expected: String) throws {
    #expect(try HTTPProxy(text).description == expected)
  }

  @Test(
    "What names no host is refused, and the text is not repeated",
    arguments: [
      ("http://bad host", HTTPURLError.invalidHost), ("http://", .invalidHost), ("", .invalidHost),
      (":3128", .invalidHost), ("http://user:secret@", .invalidHost), ("proxy:", .invalidPort),
      ("proxy:0", .invalidPort), ("proxy:65536", .invalidPort), ("proxy:x", .invalidPort),
      ("socks5://proxy", .unsupportedScheme), ("://proxy", .unsupportedScheme), ("[::1", .invalidHost),
      ("pro\u{0}xy", .invalidHost), ("http://ho\nst", .invalidHost), ("häuser", .invalidHost),
    ]
  )
  func refused(text: String, expected: HTTPURLError) {
    #expect(throws: expected) { try HTTPProxy(text) }
  }

  @Test(
    "AD-29: exceptions are whole host names in any case; * is any text, .x is *.x, nothing is implied",
    arguments: [
      (
        " localhost , .svc,*.internal ",
        ["localhost", "LOCALHOST", "a.svc", "A.SVC", "a.b.svc", "b.internal"]
      ),
      ("a*b*c", ["abc", "aXbYc", "abbcc"]), ("*", ["anything", "10.0.0.1", ""]), ("10.*", ["10.1.2.3"]),
      (",, ,", []), ("", []), ("**.x", [".x", "a.x"]), ("[::1],::1", ["::1"]),
    ]
  )
  func exceptions(text: String, direct: [String]) throws {
    let proxy = try HTTPProxy("proxy", except: text)
    for host in direct { #expect(!proxy.serves(host), "\(host)") }
  }

  @Test(
    "What an exception does not name goes by the proxy",
    arguments: [
      (
        " localhost , .svc,*.internal ",
        ["svc", "localhost.x", "internal", "xlocalhost", "a.svc.x", "127.0.0.1"]
      ),
      ("a*b*c", ["ab", "abcd", "xabc"]), ("x:80", ["x"]), ("10.0.0.0/8", ["10.0.0.1"]),
      ("", ["localhost", "::1"]),
      (".", ["a"]),
    ]
  )
  func served(text: String, hosts: [String]) throws {
    let proxy = try HTTPProxy("proxy", except: text)
    for host in hosts { #expect(proxy.serves(host), "\(host)") }
  }

  @Test("A pattern of many stars takes no time to speak of")
  func manyStars() throws {
    let proxy = try HTTPProxy("proxy", except: String(repeating: "*a", count: 2000) + "b")
    #expect(proxy.serves(String(repeating: "a", count: 250)))
  }
}
