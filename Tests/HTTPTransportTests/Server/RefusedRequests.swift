import Testing

/// A request and what must become of it. Names with a family prefix (COMP-, SMUG-, MAL-, NORM-, RFC…) are the
/// case ids of Http11Probe (github.com/MDA2AV/Http11Probe); the bytes are ours.
struct WireCase: CustomTestStringConvertible, Sendable {
  let id: String
  let bytes: [UInt8]
  let statuses: [Int]

  init(_ id: String, _ text: String, _ statuses: Int...) {
    self.id = id
    bytes = Array(text.utf8)
    self.statuses = statuses.isEmpty ? [400] : statuses
  }

  var testDescription: String { id }
}

private let host = "Host: localhost\r\n"
private func get(_ target: String) -> String { "GET \(target) HTTP/1.1\r\n\(host)\r\n" }
private func head(_ fields: String) -> String { "GET / HTTP/1.1\r\n\(host)\(fields)\r\n" }
private func post(_ fields: String, _ body: String = "") -> String {
  "POST / HTTP/1.1\r\n\(host)\(fields)\r\n\(body)"
}
private func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked\r\n", body) }

/// Requests that must be refused: the status, `Connection: close`, the end of the connection, and nothing
/// read behind.
let refusedRequests: [WireCase] =
  requestLineCases + targetCases + fieldCases + hostCases + lengthCases
  + codingCases + chunkCases

private let requestLineCases = [
  WireCase("RFC9112-2.2-BARE-LF-REQUEST-LINE", "GET / HTTP/1.1\nHost: localhost\r\n\r\n"),
  WireCase("RFC9112-3-CR-ONLY-LINE-ENDING", "GET / HTTP/1.1\rHost: localhost\r\n\r\n"),
  WireCase("RFC9112-3-MULTI-SP-REQUEST-LINE", "GET  / HTTP/1.1\r\n\(host)\r\n"),
  WireCase("two blanks before the version", "GET /  HTTP/1.1\r\n\(host)\r\n"),
  WireCase("RFC9112-3-MISSING-TARGET", "GET HTTP/1.1\r\n\(host)\r\n"),
  WireCase("RFC9112-2.3-INVALID-VERSION", "GET / HTTP/9.9\r\n\(host)\r\n", 505),
  WireCase("HTTP/2.0", "GET / HTTP/2.0\r\n\(host)\r\n", 505),
  WireCase("HTTP/0.9 with a version", "GET / HTTP/0.9\r\n\(host)\r\n", 505),
  WireCase("COMP-HTTP12-VERSION", "GET / HTTP/1.2\r\n\(host)\r\n", 505),
  WireCase("RFC9112-2.3-HTTP09-REQUEST", "GET /\r\n"),
  WireCase("COMP-VERSION-MISSING-MINOR", "GET / HTTP/1\r\n\(host)\r\n"),
  WireCase("COMP-VERSION-LEADING-ZEROS", "GET / HTTP/01.01\r\n\(host)\r\n"),
  WireCase("COMP-VERSION-WHITESPACE", "GET / HTTP/ 1.1\r\n\(host)\r\n"),
  WireCase("COMP-VERSION-CASE", "GET / http/1.1\r\n\(host)\r\n"),
  WireCase("version with a tail", "GET / HTTP/1.1x\r\n\(host)\r\n"),
  WireCase("version with a trailing blank", "GET / HTTP/1.1 \r\n\(host)\r\n"),
  WireCase("two digits in the version", "GET / HTTP/1.10\r\n\(host)\r\n"),
  WireCase("another protocol", "GET / HTTPS/1.1\r\n\(host)\r\n"),
  WireCase("COMP-REQUEST-LINE-TAB", "GET\t/ HTTP/1.1\r\n\(host)\r\n"),
  WireCase("COMP-LEADING-CRLF (two)", "\r\n\r\nGET / HTTP/1.1\r\n\(host)\r\n"),
  WireCase("leading LF", "\nGET / HTTP/1.1\r\n\(host)\r\n"),
  WireCase("leading blank", " GET / HTTP/1.1\r\n\(host)\r\n"),
  WireCase("MAL-WHITESPACE-ONLY-LINE", "   \r\n\r\n"),
  WireCase("COMP-METHOD-CASE", "get / HTTP/1.1\r\n\(host)\r\n", 501),
  WireCase("COMP-METHOD-CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", 501),
  WireCase("COMP-METHOD-TRACE", "TRACE / HTTP/1.1\r\n\(host)\r\n", 501),
  WireCase("COMP-UNKNOWN-METHOD", "FOOBAR / HTTP/1.1\r\n\(host)\r\n", 501),
  WireCase("method that is no token", "GE(T / HTTP/1.1\r\n\(host)\r\n"),
  WireCase("method with a NUL", "GE\0T / HTTP/1.1\r\n\(host)\r\n"),
  WireCase("the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
  WireCase("MAL-BINARY-GARBAGE (a TLS greeting)", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0"),
  WireCase("MAL-LONG-METHOD", String(repeating: "A", count: 100_000) + " / HTTP/1.1\r\n\(host)\r\n"),
  WireCase("MAL-LONG-URL", get("/" + String(repeating: "A", count: 100_000)), 414),
]

private let targetCases = [
  WireCase("RFC9112-3.2-FRAGMENT-IN-TARGET", get("/path#frag")),
  WireCase("COMP-ASTERISK-WITH-GET", get("*")),
  WireCase("COMP-SPACE-IN-TARGET", get("/pa th")),
  WireCase("authority-form", get("localhost:80")),
  WireCase("relative path", get("a/b")),
  WireCase("another scheme", get("ftp://localhost/")),
  WireCase("absolute-form without authority", get("http:///a")),
  WireCase("absolute-form with user information", get("http://user@localhost/")),
  WireCase("SMUG-ABSOLUTE-URI-HOST-MISMATCH", get("http://other.example/")),
  WireCase("absolute-form with another port", get("http://localhost:81/")),
  WireCase("absolute-form with another scheme's port", get("http://localhost:443/")),
  WireCase("absolute-form with an empty label", get("http://localhost../")),
  WireCase("MAL-NUL-IN-URL", get("/\0test")),
  WireCase("MAL-NON-ASCII-URL", get("/caf\u{e9}")),
  WireCase("tab in the path", get("/a\tb")),
  WireCase("DEL in the path", get("/a\u{7f}b")),
  WireCase("malformed %", get("/a%2")),
  WireCase("%00", get("/a%00b")),
  WireCase("%0d%0a", get("/a%0d%0aX-Probe:1")),
  WireCase("%0d%0a in the query", get("/a?b=%0d%0aX-Probe:1")),
  WireCase("dot segments", get("/a/../b")),
  WireCase("%2e%2e", get("/a/%2e%2e/b")),
  WireCase("//", get("//b")),
  WireCase(";", get("/a;b=c")),
  WireCase("%3b", get("/a%3bb=c")),
  WireCase("%25", get("/a%252e")),
  WireCase("backslash", get("/a\\b")),
  WireCase("%5c", get("/a%5Cb")),
  WireCase("%2f", get("/a%2Fb")),
]

private let fieldCases = [
  WireCase("RFC9112-2.2-BARE-LF-HEADER", "GET / HTTP/1.1\r\nHost: localhost\nX-Test: value\r\n\r\n"),
  WireCase("bare LF at the end of the head", "GET / HTTP/1.1\r\nHost: localhost\r\n\n"),
  WireCase("SMUG-BARE-CR-HEADER-VALUE", head("X-Test: a\rb\r\n")),
  WireCase("CR before CRLF", head("X-Test: a\r\r\n")),
  WireCase("RFC9112-5.1-OBS-FOLD", head("X-Test: value\r\n continued\r\n")),
  WireCase("obs-fold with a tab", head("X-Test: value\r\n\tcontinued\r\n")),
  WireCase("COMP-WHITESPACE-BEFORE-HEADERS", "GET / HTTP/1.1\r\n \r\n\(host)\r\n"),
  WireCase("RFC9110-5.6.2-SP-BEFORE-COLON", head("X-Test : value\r\n")),
  WireCase("tab before the colon", head("X-Test\t: value\r\n")),
  WireCase("RFC9112-5-EMPTY-HEADER-NAME", head(": empty-name\r\n")),
  WireCase("RFC9112-5-INVALID-HEADER-NAME", head("Bad[Name: value\r\n")),
  WireCase("RFC9112-5-HEADER-NO-COLON", head("NoColonHere\r\n")),
  WireCase("MAL-NON-ASCII-HEADER-NAME", head("X-T\u{eb}st: value\r\n")),
  WireCase("NORM-TAB-IN-NAME", head("Content\tLength: 99\r\n")),
  WireCase("MAL-CONTROL-CHARS-HEADER", head("X-Test: abc\u{7}\u{8}\u{b}def\r\n")),
  WireCase("NUL in a value", head("X-Test: a\0b\r\n")),
  WireCase("DEL in a value", head("X-Test: a\u{7f}b\r\n")),
  WireCase("MAL-LONG-HEADER-VALUE", head("X-Big: " + String(repeating: "B", count: 100_000) + "\r\n"), 431),
  WireCase("MAL-LONG-HEADER-NAME", head(String(repeating: "A", count: 100_000) + ": val\r\n"), 431),
  WireCase("MAL-MANY-HEADERS", head((0..<10_000).map { "X-H-\($0): value\r\n" }.joined()), 431),
  WireCase("101 fields", head(String(repeating: "A: b\r\n", count: 100)), 431),
  WireCase("COMP-EXPECT-UNKNOWN", head("Expect: 200-ok\r\n"), 417),
]

private let hostCases = [
  WireCase("RFC9112-7.1-MISSING-HOST", "GET / HTTP/1.1\r\n\r\n"),
  WireCase("RFC9110-5.4-DUPLICATE-HOST", head("Host: other.example.com\r\n")),
  WireCase("COMP-DUPLICATE-HOST-SAME", head("Host: localhost\r\n")),
  WireCase("COMP-HOST-WITH-USERINFO", "GET / HTTP/1.1\r\nHost: user@localhost\r\n\r\n"),
  WireCase("COMP-HOST-WITH-PATH", "GET / HTTP/1.1\r\nHost: localhost/path\r\n\r\n"),
  WireCase("COMP-HOST-EMPTY-VALUE", "GET / HTTP/1.1\r\nHost: \r\n\r\n"),
  WireCase("SMUG-MULTIPLE-HOST-COMMA", "GET / HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n"),
  WireCase("Host with a blank", "GET / HTTP/1.1\r\nHost: local host\r\n\r\n"),
  WireCase("Host with a bad port", "GET / HTTP/1.1\r\nHost: localhost:8a\r\n\r\n"),
  WireCase("Host without a name", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"),
  WireCase("Host with an empty label", "GET / HTTP/1.1\r\nHost: a..example\r\n\r\n"),
  WireCase("Host of a dot", "GET / HTTP/1.1\r\nHost: .\r\n\r\n"),
  WireCase(
    "Host longer than a name can be",
    "GET / HTTP/1.1\r\nHost: \(String(repeating: "a", count: 261))\r\n\r\n"
  ),
  WireCase("Host with an open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
  WireCase("Host twice in HTTP/1.0", "GET / HTTP/1.0\r\n\(host)\(host)\r\n"),
]

private let lengthCases = [
  WireCase("SMUG-DUPLICATE-CL", post("Content-Length: 5\r\nContent-Length: 10\r\n", "helloworld")),
  WireCase("the same Content-Length twice", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")),
  WireCase("SMUG-CL-COMMA-SAME", post("Content-Length: 5, 5\r\n", "hello")),
  WireCase("SMUG-CL-COMMA-DIFFERENT", post("Content-Length: 5, 10\r\n", "helloworld")),
  WireCase("SMUG-CL-LEADING-ZEROS", post("Content-Length: 005\r\n", "hello")),
  WireCase("SMUG-CL-OCTAL", post("Content-Length: 0o5\r\n", "hello")),
  WireCase("SMUG-CL-DOUBLE-ZERO", post("Content-Length: 00\r\n")),
  WireCase("SMUG-CL-NEGATIVE", post("Content-Length: -1\r\n")),
  WireCase("SMUG-CL-NEGATIVE-ZERO", post("Content-Length: -0\r\n")),
  WireCase("SMUG-CL-UNDERSCORE", post("Content-Length: 1_0\r\n", "helloworld")),
  WireCase("SMUG-CL-HEX-PREFIX", post("Content-Length: 0x5\r\n", "hello")),
  WireCase("SMUG-CL-INTERNAL-SPACE", post("Content-Length: 1 0\r\n", "helloworld")),
  WireCase("RFC9112-6.1-CL-NON-NUMERIC", post("Content-Length: abc\r\n")),
  WireCase("RFC9112-6.1-CL-PLUS-SIGN", post("Content-Length: +5\r\n", "hello")),
  WireCase("MAL-CL-EMPTY", post("Content-Length: \r\n")),
  WireCase("MAL-CL-OVERFLOW", post("Content-Length: 99999999999999999999\r\n")),
  WireCase("Content-Length of 2^63", post("Content-Length: 9223372036854775808\r\n")),
  WireCase("MAL-CL-TAB-BEFORE-VALUE with a decimal point", post("Content-Length:\t5.0\r\n", "hello")),
  WireCase("tab behind Content-Length", post("Content-Length: 5\t\r\n", "hello")),
  WireCase("NORM-SP-BEFORE-COLON-CL", post("Content-Length: 11\r\nContent-Length : 5\r\n", "hello world")),
]

private let codingCases = [
  WireCase("SMUG-CL-TE-BOTH", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")),
  WireCase("SMUG-TECL-PIPELINE", post("Transfer-Encoding: chunked\r\nContent-Length: 30\r\n", "0\r\n\r\n")),
  WireCase(
    "SMUG-CLTE-SMUGGLED-GET",
    post(
      "Content-Length: 50\r\nTransfer-Encoding: chunked\r\n",
      "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
  ),
  WireCase("SMUG-TE-HTTP10", "POST / HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  WireCase("COMP-UNKNOWN-TE-501", post("Transfer-Encoding: gzip\r\n"), 501),
  WireCase("SMUG-TE-XCHUNKED", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501),
  WireCase("SMUG-TE-IDENTITY", post("Transfer-Encoding: identity\r\n", "hello"), 501),
  WireCase("gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n"), 501),
  WireCase("SMUG-TE-NOT-FINAL-CHUNKED", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")),
  WireCase("SMUG-TE-DOUBLE-CHUNKED", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")),
  WireCase(
    "SMUG-TE-DUPLICATE-HEADERS",
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")
  ),
  WireCase(
    "chunked and identity",
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n")
  ),
  WireCase("SMUG-TE-TRAILING-COMMA", post("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n")),
  WireCase("SMUG-TE-LEADING-COMMA", post("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n")),
  WireCase("SMUG-TE-EMPTY-VALUE", post("Transfer-Encoding: \r\n", "0\r\n\r\n")),
  WireCase("SMUG-CHUNKED-WITH-PARAMS", post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n")),
  WireCase("SMUG-TE-VTAB", post("Transfer-Encoding: \u{b}chunked\r\n", "0\r\n\r\n")),
  WireCase("SMUG-TE-FORMFEED", post("Transfer-Encoding: \u{c}chunked\r\n", "0\r\n\r\n")),
  WireCase("SMUG-TE-NULL", post("Transfer-Encoding: chunked\0\r\n", "0\r\n\r\n")),
  WireCase("SMUG-TE-OBS-FOLD", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")),
  WireCase("SMUG-TE-SP-BEFORE-COLON", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")),
  WireCase("quoted coding", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n")),
  WireCase("chunked in Kelvin sign", post("Transfer-Encoding: chun\u{212a}ed\r\n", "0\r\n\r\n")),
]

private let chunkCases = [
  WireCase("SMUG-CHUNK-EXT-LF", chunked("5;a\nhello\r\n0\r\n\r\n")),
  WireCase("SMUG-CHUNK-EXT-CR", chunked("5;a\rX\r\nhello\r\n0\r\n\r\n")),
  WireCase("SMUG-CHUNK-EXT-CTRL", chunked("5;a\u{1}\r\nhello\r\n0\r\n\r\n")),
  WireCase("SMUG-CHUNK-LF-TERM", chunked("5\nhello\r\n0\r\n\r\n")),
  WireCase("LF after chunk data", chunked("5\r\nhello\n0\r\n\r\n")),
  WireCase("SMUG-CHUNK-BARE-CR-TERM", chunked("5\rhello\r\n0\r\n\r\n")),
  WireCase("SMUG-CHUNK-SPILL", chunked("5\r\nhelloWORLD\r\n0\r\n\r\n")),
  WireCase("SMUG-CHUNK-MISSING-TRAILING-CRLF", chunked("5\r\nhello0\r\n\r\n")),
  WireCase("SMUG-CHUNK-LEADING-SP", chunked(" 5\r\nhello\r\n0\r\n\r\n")),
  WireCase("blank behind the size", chunked("5 \r\nhello\r\n0\r\n\r\n")),
  WireCase("SMUG-CHUNK-BARE-SEMICOLON", chunked("5;\r\nhello\r\n0\r\n\r\n")),
  WireCase("SMUG-CHUNK-HEX-PREFIX", chunked("0x5\r\nhello\r\n0\r\n\r\n")),
  WireCase("SMUG-CHUNK-UNDERSCORE", chunked("1_0\r\nhello\r\n0\r\n\r\n")),
  WireCase("SMUG-CHUNK-NEGATIVE", chunked("-5\r\nhello\r\n0\r\n\r\n")),
  WireCase("plus sign in the size", chunked("+5\r\nhello\r\n0\r\n\r\n")),
  WireCase("MAL-CHUNK-SIZE-OVERFLOW", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n")),
  WireCase("size of 2^63", chunked("8000000000000000\r\nhello\r\n0\r\n\r\n")),
  WireCase("empty size", chunked("\r\nhello\r\n0\r\n\r\n")),
  WireCase(
    "MAL-CHUNK-EXT-64K",
    chunked("5;a=" + String(repeating: "x", count: 65_536) + "\r\nhello\r\n0\r\n\r\n")
  ),
  WireCase("SMUG-CHUNK-LF-TRAILER", chunked("5\r\nhello\r\n0\r\n\n")),
  WireCase("SMUG-TRAILER-CL", chunked("0\r\nContent-Length: 5\r\n\r\n")),
  WireCase("SMUG-TRAILER-TE", chunked("0\r\ntransfer-encoding: chunked\r\n\r\n")),
  WireCase("trailer without colon", chunked("0\r\nNoColon\r\n\r\n")),
  WireCase("trailer with a blank before the colon", chunked("0\r\nX-A : b\r\n\r\n")),
  WireCase("folded trailer", chunked("0\r\nX-A: b\r\n c\r\n\r\n")),
  WireCase("NUL in a trailer", chunked("0\r\nX-A: b\0\r\n\r\n")),
  WireCase("trailers of 64 KiB", chunked("0\r\nX-A: " + String(repeating: "x", count: 65_536) + "\r\n\r\n")),
  WireCase("chunked over the limit", chunked("200000\r\n"), 413),
]
