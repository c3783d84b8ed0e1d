import HTTPTransport
import HTTPTypes
import Logging
import Postgres
import SharedAuth
import Testing

@testable import ServiceKit

@Suite("A request's way through a module")
struct ModuleResponderTests {
  private func answer(
    _ method: HTTPRequest.Method,
    _ target: String,
    _ fields: HeaderFields = [:],
    body: String = ""
  ) async throws -> Answer {
    let request = try request(method, target, fields, body: body)
    return Answer(
      try await TestModule().responder.respond(to: request, segments: request.head.target.segments)
    )
  }

  @Test(
    "Without a token everything but open routes is 401, known or not, with a challenge and no body",
    arguments: [
      (.get, "/mine"), (.get, "/things/1"), (.post, "/things"), (.get, "/nowhere"), (.delete, "/things/1"),
      (.options, "/things/1"), (.get, "/mine/"), (.get, "/MINE"), (.get, "/"),
    ] as [(HTTPRequest.Method, String)]
  )
  func anonymous(method: HTTPRequest.Method, target: String) async throws {
    let answer = try await answer(method, target, HeaderFields(host: "api.example"))
    #expect(answer.status == 401)
    #expect(answer.body.isEmpty)
    #expect(
      answer.fields[.wwwAuthenticate]
        == "Bearer resource_metadata=\"http://api.example/.well-known/oauth-protected-resource\""
    )
  }

  @Test(
    "A refused token is 401 everywhere, open routes among it",
    arguments: [
      (.get, "/open"), (.get, "/mine"), (.get, "/nowhere"), (.get, "/health/x"), (.delete, "/open"),
    ]
      as [(HTTPRequest.Method, String)]
  )
  func refusedToken(method: HTTPRequest.Method, target: String) async throws {
    let answer = try await answer(method, target, [.authorization: "expired"])
    #expect(answer.status == 401)
    #expect(answer.body.isEmpty)
    #expect(
      answer.fields[.wwwAuthenticate]?.hasPrefix(
        "Bearer error=\"invalid_token\", error_description=\"bad token\""
      ) == true
    )
  }

  @Test("Tokens that cannot be checked are 503 with Retry-After, never 401")
  func keysUnavailable() async throws {
    for answer in [
      try await answer(.get, "/mine", [.authorization: "keyless"]), try await answer(.post, "/keys"),
    ] {
      #expect(answer.status == 503)
    }
    let asked = try await answer(.get, "/mine", [.authorization: "keyless"])
    #expect(asked.fields[.retryAfter] == "4")
  }

  @Test("A busy database is 503 with Retry-After; its other errors are 500; neither tells its text")
  func database() async throws {
    let busy = try await answer(.post, "/busy")
    #expect(busy.status == 503)
    #expect(busy.fields[.retryAfter] == "1")
    let failed = try await answer(.post, "/database")
    #expect(failed.status == 500)
    #expect(!failed.body.contains("row text"))
  }

  @Test("The log gets codes of database errors, never their texts, which may quote rows")
  func report() {
    let report = ErrorReport(
      PostgresError(.checkViolation, sqlState: "23514", constraint: "c", detail: "row text")
    )
    #expect(report.metadata == ["kind": "checkViolation", "sqlState": "23514", "constraint": "c"])
    #expect(report.detail?.hasSuffix("row text") == true)
  }

  @Test("Open routes and public paths need no token")
  func open() async throws {
    #expect(try await answer(.get, "/open").body == "open")
    #expect(try await answer(.delete, "/open").status == 405)
    #expect(try await answer(.get, "/health/unknown").status == 404)
    #expect(try await answer(.get, "/v3/api-docs/x").status == 404)
  }

  @Test("Roles and scopes decide, and come before anything of the body is looked at")
  func access() async throws {
    #expect(try await answer(.get, "/mine", [.authorization: "reader"]).body == "reader")
    #expect(try await answer(.get, "/things/7", [.authorization: "reader"]).body == "thing 7 true")
    #expect(try await answer(.get, "/things/x", [.authorization: "writer"]).status == 403)
    for caller in ["reader", "unscoped"] {
      let answer = try await answer(
        .post,
        "/things",
        [.authorization: caller, .contentType: "text/plain", .accept: "text/html"],
        body: "{"
      )
      #expect(answer.status == 403)
      #expect(answer.body == "test: accessDenied")
    }
  }

  @Test("Unknown paths are 404 with the path in the text, trailing slashes and other letters among them")
  func unknown() async throws {
    for (target, path) in [
      ("/foo/bar", "foo/bar"), ("/mine/", "mine/"), ("/Mine", "Mine"), ("/", ""), ("/a%20b", "a b"),
    ] {
      let answer = try await answer(.get, target, [.authorization: "reader"])
      #expect(answer.status == 404)
      #expect(answer.body == "test: noRoute(path: \"\(path)\")")
    }
  }

  @Test("Another method is 405 with Allow, and OPTIONS tells the same")
  func methods() async throws {
    let wrong = try await answer(.delete, "/things/1", [.authorization: "writer"])
    #expect(wrong.status == 405)
    #expect(wrong.fields[.allow] == "GET, HEAD, OPTIONS")
    let options = try await answer(.options, "/things", [.authorization: "reader"])
    #expect(options.status == 200)
    #expect(options.body.isEmpty)
    #expect(options.fields[.allow] == "POST, OPTIONS")
    #expect(try await answer(.head, "/things/1", [.authorization: "reader"]).status == 200)
  }

  @Test("An Accept without JSON is 406 without a body, before the content type is looked at")
  func accept() async throws {
    let answer = try await answer(
      .post,
      "/things",
      [.authorization: "writer", .accept: "text/html", .contentType: "text/plain"],
      body: "{"
    )
    #expect(answer.status == 406)
    #expect(answer.body.isEmpty)
  }

  @Test("Content types: others are 415, none counts as octets, and neither type nor body is a missing body")
  func contentType() async throws {
    let plain = try await answer(
      .post,
      "/things",
      [.authorization: "writer", .contentType: "text/plain"],
      body: "{}"
    )
    #expect(plain.status == 415 && plain.body == "test: unsupportedMediaType(\"text/plain\")")
    let untyped = try await answer(.post, "/things", [.authorization: "writer"], body: "{}")
    #expect(
      untyped.status == 415 && untyped.body == "test: unsupportedMediaType(\"application/octet-stream\")"
    )
    let nothing = try await answer(.post, "/things", [.authorization: "writer"])
    #expect(nothing.status == 400 && nothing.body == "test: missingBody")
    let empty = try await answer(
      .post,
      "/things",
      [.authorization: "writer", .contentType: "application/json"]
    )
    #expect(empty.status == 400 && empty.body == "test: missingBody")
  }

  @Test("Bodies reach the handler, and unreadable ones do not")
  func bodies() async throws {
    let fields: HeaderFields = [
      .authorization: "writer", .contentType: "application/vnd.x+json; charset=utf-8",
    ]
    #expect(try await answer(.post, "/things", fields, body: #"{"name":"x","extra":[]}"#).body == "made x")
    for body in ["{", "{}", "[]", "{\"name\":null}", "{\"name\":\"x\"} x"] {
      let answer = try await answer(.post, "/things", fields, body: body)
      #expect(answer.status == 400)
      #expect(answer.body.hasPrefix("test: unreadableBody("))
    }
    #expect(try await answer(.post, "/things", fields, body: "null").body == "test: missingBody")
  }

  @Test("Parameters of the wrong type are 400 naming the parameter")
  func parameters() async throws {
    let reader: HeaderFields = [.authorization: "reader"]
    #expect(try await answer(.get, "/things/1?all=", reader).body == "thing 1 true")
    #expect(try await answer(.get, "/things/1?all=off", reader).body == "thing 1 false")
    #expect(
      try await answer(.get, "/things/abc", reader).body
        == "test: parameterType(name: \"id\", type: \"long\")"
    )
    #expect(
      try await answer(.get, "/things/1?all=maybe", reader).body
        == "test: parameterType(name: \"all\", type: \"boolean\")"
    )
  }

  @Test("The module's errors are its own to answer; others are 500 with nothing but a correlation id")
  func errors() async throws {
    #expect(try await answer(.post, "/refuse").body == "refused")
    let surprise = try await answer(.post, "/surprise")
    #expect(surprise.status == 500)
    let id = try #require(surprise.fields.all.first { $0.name == "X-Correlation-Id" }?.value)
    #expect(surprise.body == "test: internalError(correlationID: \"\(id)\")")
  }

  @Test("Every answer carries a correlation id of its own")
  func correlation() async throws {
    var ids: Set<String> = []
    for target in ["/open", "/mine", "/nowhere"] {
      ids.insert(
        try #require(try await answer(.get, target).fields.all.first { $0.name == "X-Correlation-Id" }?.value)
      )
    }
    #expect(ids.count == 3)
  }

  @Test("Two routes that clash are refused at start")
  func clash() {
    let route = RouteDeclaration(.get, "/a/{x}", .open) { _ in ServerResponse(status: .ok) }
    let other = RouteDeclaration(.get, "/a/{y}", .authenticated) { _ in ServerResponse(status: .ok) }
    #expect(throws: RouterError.self) { try TestModule(routes: [route, other]).responder }
  }
}
