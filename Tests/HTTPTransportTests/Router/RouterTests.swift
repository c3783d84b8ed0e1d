import HTTPTransport
import HTTPTypes
import Testing

@Suite("Router")
struct RouterTests {
  /// The routes of docs/contract/non-associations.md that share places, and some of other shapes.
  private static let table: [Route<String>] = [
    Route(.get, "/", "root"),
    Route(.get, "/non-associations", "list"),
    Route(.post, "/non-associations", "create"),
    Route(.get, "/non-associations/{id}", "read"),
    Route(.patch, "/non-associations/{id}", "update"),
    Route(.put, "/non-associations/{id}/close", "close"),
    Route(.put, "/non-associations/{number}/reopen", "reopen"),
    Route(.post, "/non-associations/{id}/delete", "delete"),
    Route(.post, "/non-associations/between", "between"),
    Route(.get, "/prisoner/{prisonerNumber}/non-associations", "of prisoner"),
    Route(.get, "/legacy/api/offenders/{offenderNo}/non-association-details", "legacy"),
    Route(.get, "/health/ping", "ping"),
    Route(.head, "/health/ping", "ping head"),
  ]

  private static func segments(_ path: String) throws -> [String] {
    try #require(RequestTarget(path)).segments
  }

  private static func outcome(_ method: HTTPRequest.Method, _ path: String) throws -> String {
    switch try Router(table).match(method, segments(path)) {
    case .found(let value, _): value
    case .methodNotAllowed(let others): others.allow.map(\.rawValue).joined(separator: ",")
    case .notFound: "404"
    }
  }

  @Test(
    "A request finds its route, the methods of its path, or nothing",
    arguments: [
      (.get, "/", "root"),
      (.get, "/non-associations", "list"),
      (.post, "/non-associations", "create"),
      (.get, "/non-associations/42", "read"),
      (.patch, "/non-associations/42", "update"),
      (.put, "/non-associations/42/close", "close"),
      (.put, "/non-associations/42/reopen", "reopen"),
      (.get, "/prisoner/A1234BC/non-associations", "of prisoner"),
      (.get, "/legacy/api/offenders/A1234BC/non-association-details", "legacy"),
      (.delete, "/non-associations", "GET,HEAD,POST,OPTIONS"),
      (.delete, "/non-associations/42", "GET,HEAD,PATCH,OPTIONS"),
      (.options, "/non-associations/42/close", "PUT,OPTIONS"),
      (.get, "/non-associations/42/close", "PUT,OPTIONS"),
      (.get, "/non-associations/", "404"),
      (.get, "/non-associations/42/", "404"),
      (.get, "/non-associations/42/open", "404"),
      (.get, "/constants", "404"),
      (.get, "/Non-Associations", "404"),
      (.get, "/health", "404"),
      (.get, "/health/ping/", "404"),
      (.get, "/prisoner//non-associations", "404"),
    ] as [(HTTPRequest.Method, String, String)]
  )
  func matches(method: HTTPRequest.Method, path: String, expected: String) throws {
    // The parser of targets refuses an empty segment in the middle; the router must not take one for a parameter.
    if path.contains("//") {
      let split = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard case .notFound = try Router(Self.table).match(method, split) else {
        Issue.record("an empty segment matched a parameter")
        return
      }
      return
    }
    #expect(try Self.outcome(method, path) == expected)
  }

  @Test("A literal goes before a parameter, which takes the methods that the literal has not")
  func literalFirst() throws {
    #expect(try Self.outcome(.post, "/non-associations/between") == "between")
    #expect(try Self.outcome(.get, "/non-associations/between") == "read")
    #expect(try Self.outcome(.delete, "/non-associations/between") == "GET,HEAD,POST,PATCH,OPTIONS")
  }

  @Test("HEAD is answered by GET's route unless it has its own")
  func head() throws {
    #expect(try Self.outcome(.head, "/non-associations/42") == "read")
    #expect(try Self.outcome(.head, "/health/ping") == "ping head")
    #expect(try Self.outcome(.head, "/non-associations/42/close") == "PUT,OPTIONS")
  }

  @Test("A dead end behind a literal leads back to the parameter")
  func backtracking() throws {
    let router = try Router<String>([
      Route(.get, "/a/b/c", "literal"), Route(.get, "/a/{x}/d", "parameter"),
      Route(.get, "/{x}/b/{y}", "both"),
    ])
    guard case .found("parameter", let parameters) = router.match(.get, ["a", "b", "d"]) else {
      Issue.record("no match")
      return
    }
    #expect(parameters["x"] == "b")
    guard case .found("both", let two) = router.match(.get, ["a", "b", "e"]) else {
      Issue.record("no match")
      return
    }
    #expect(two["x"] == "a")
    #expect(two["y"] == "e")
  }

  @Test("A parameter is the decoded text, by the name that the matched route gives it")
  func parameterText() throws {
    let router = try Router<Int>([
      Route(.get, "/p/{name}", 1), Route(.put, "/p/{other}", 2),
    ])
    guard case .found(1, let get) = router.match(.get, try Self.segments("/p/O%27Brien%20x")),
      case .found(2, let put) = router.match(.put, ["p", "v"])
    else {
      Issue.record("no match")
      return
    }
    #expect(get["name"] == "O'Brien x")
    #expect(get["other"] == nil)
    #expect(put["other"] == "v")
    #expect(put["name"] == nil)
  }

  enum Colour: String { case red, green }

  @Test(
    "Typed parameters are nil for what is not of their type",
    arguments: [
      ("42", 42), ("-7", -7), ("+5", 5), ("0042", 42), ("9223372036854775807", Int64.max),
      ("9223372036854775808", nil), ("abc", nil), ("4 2", nil), (" 42", nil), ("4.0", nil), ("0x10", nil),
      ("٤", nil),
    ] as [(String, Int64?)]
  )
  func int64(text: String, expected: Int64?) throws {
    let router = try Router([Route(.get, "/{id}", 0)])
    guard case .found(_, let parameters) = router.match(.get, [text]) else {
      Issue.record("no match")
      return
    }
    #expect(parameters.int64("id") == expected)
    #expect(parameters.int32("id") == expected.flatMap { Int32(exactly: $0) })
    #expect(parameters.int64("none") == nil)
  }

  @Test("A parameter can be a case of an enumeration")
  func enumeration() throws {
    let router = try Router([Route(.get, "/{colour}", 0)])
    guard case .found(_, let parameters) = router.match(.get, ["green"]) else {
      Issue.record("no match")
      return
    }
    #expect(parameters.value("colour", as: Colour.self) == .green)
    #expect(parameters.value("none", as: Colour.self) == nil)
  }

  @Test("A text that is only canonically equivalent to a literal does not match it")
  func equivalence() throws {
    let router = try Router([Route(.get, "/Kelvin", 0)])
    guard case .notFound = router.match(.get, ["\u{212A}elvin"]) else {
      Issue.record("KELVIN SIGN matched K")
      return
    }
  }

  @Test("Clashes are all refused at once, and each names both routes")
  func clashes() {
    let error = #expect(throws: RouterError.self) {
      try Router<Int>([
        Route(.get, "/a/{b}/c", 1), Route(.put, "/a/{x}/c", 2), Route(.get, "/a/{d}/c", 3),
        Route(.post, "/e", 4), Route(.post, "/e", 5),
      ])
    }
    #expect(
      error?.problems == [
        "GET /a/{d}/c clashes with GET /a/{b}/c",
        "POST /e clashes with POST /e",
      ]
    )
  }

  @Test(
    "Malformed templates are refused by name",
    arguments: [
      "a", "", "/a//b", "/a/", "/a/{}", "/a/{1x}", "/a/{x}/{x}", "/a/x{y}", "/a/{y}x", "/a/{", "/a?b", "/a b",
      "/a/../b",
      "/caf\u{e9}", "/a%20b",
    ]
  )
  func malformed(template: String) {
    let error = #expect(throws: RouterError.self) { try Router([Route(.get, PathTemplate(template), 1)]) }
    #expect(error?.problems.count == 1)
    #expect(error?.description.contains("GET \(template)") == true)
  }

  @Test("A template tells its text and its parameters' names")
  func template() {
    let template: PathTemplate = "/a/{b}/c/{d_2}"
    #expect(template.text == "/a/{b}/c/{d_2}")
    #expect(template.parameterNames == ["b", "d_2"])
    #expect(PathTemplate("/").parameterNames.isEmpty)
  }
}
