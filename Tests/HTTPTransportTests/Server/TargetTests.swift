import HTTPTransport
import Testing

@Suite("Request targets")
struct TargetTests {
  @Test("A path is split into decoded segments, and a closing slash makes an empty one")
  func segments() throws {
    #expect(try #require(RequestTarget("/a%20b/c")).segments == ["a b", "c"])
    #expect(try #require(RequestTarget("/a/b/")).segments == ["a", "b", ""])
    #expect(try #require(RequestTarget("/")).segments == [""])
    let target = try #require(RequestTarget("/caf%C3%A9?x=1"))
    #expect(target.path == "/caf%C3%A9")
    #expect(target.decodedPath == "/café")
    #expect(target.pathEquals("/caf%C3%A9"))
  }

  @Test("A query is decoded on look-up; plus and %20 are blanks; the first of several wins")
  func query() throws {
    let query = try #require(RequestTarget("/p?a=1&b=x+y%20z&a=2&empty=&flag&&%41=up")).query
    #expect(query["a"] == "1")
    #expect(query.all("a") == ["1", "2"])
    #expect(query["b"] == "x y z")
    #expect(query["empty"] == "")
    #expect(query["flag"] == "")
    #expect(query["A"] == "up")
    #expect(query["none"] == nil)
    #expect(query.pairs.map(\.name) == ["a", "b", "a", "empty", "flag", "A"])
  }

  @Test(
    "Targets that two readers could read differently are refused (docs/contract/platform.md §2.5)",
    arguments: [
      "", "a", "//", "/a//b", "/a/./b", "/a/../b", "/..", "/.", "/a;b", "/a%3bb", "/a%3Bb", "/%25",
      "/%2e%2e/", "/%2E",
      "/%2f", "/%2F", "/%5c", "/a\\b", "/%00", "/%0a", "/%0D", "/%1f", "/%7f", "/%", "/%4", "/%4g", "/%g4",
      "/a b",
      "/caf\u{e9}", "/a#b", "/a?b#c", "/%ff", "/%c3", "/?%", "/?a=%zz", "/?%00", "/?%0d", "/?%0a",
      "/?a=\u{e9}", "/<",
      "/\"", "/^", "/`", "/{id}", "/|", "/?a=[1]", "/a\u{7f}", "/a\tb",
    ]
  )
  func refused(_ text: String) { #expect(RequestTarget(text) == nil) }

  @Test(
    "Ordinary targets pass",
    arguments: ["/a.b", "/...", "/.well-known/x", "/a?b=c;d", "/a?x=%25&y=//", "/~a_b-c!$&'()*+,=:@"]
  )
  func accepted(_ text: String) { #expect(RequestTarget(text) != nil) }
}
