import HTTPTransport
import HTTPTypes
import JSON
import PlatformTestKit
import ServiceKit
import Synchronization
import Testing
import Time

@Suite("Calls of other services")
struct UpstreamClientTests {
  private static func failure(
    of upstream: UpstreamClient,
    _ call: UpstreamCall,
    within time: Duration = .seconds(10)
  ) async -> UpstreamFailure? {
    do {
      _ = try await upstream.send(call, deadline: upstream.clock.now() + time)
      return nil
    } catch {
      return error
    }
  }

  @Test("A call has a token, JSON and the body it was given")
  func wire() async throws {
    let seen = Mutex<[String?]>([])
    try await UpstreamServer.run({ request in
      let fields = request.head.fields
      let body = (try? await request.body()) ?? []
      seen.withLock {
        $0 = [
          fields[.authorization], fields[.accept], fields[.contentType],
          String(decoding: body, as: UTF8.self),
        ]
      }
      return ServerResponse(status: .created, fields: [:], body: Array("{}".utf8))
    }) { upstream in
      let call = UpstreamCall(.put, upstream.baseURL.path("/thing"), body: Array("[1]".utf8))
      let answer = try await upstream.send(call, deadline: upstream.clock.now() + .seconds(10))
      #expect(answer == Array("{}".utf8))
      #expect(seen.withLock { $0 } == ["Bearer token-1", "application/json", "application/json", "[1]"])
    }
  }

  @Test("A rejected token is replaced and the call made once more; a second rejection is the answer")
  func rejectedToken() async throws {
    let seen = Mutex<[String]>([])
    try await UpstreamServer.run({ request in
      let token = request.head.fields[.authorization] ?? ""
      seen.withLock { $0.append(token) }
      return ServerResponse(status: token == "Bearer token-2" ? .ok : .unauthorized)
    }) { upstream in
      let call = UpstreamCall(.get, upstream.baseURL.path("/thing"))
      #expect(await Self.failure(of: upstream, call) == nil)
      #expect(seen.withLock { $0 } == ["Bearer token-1", "Bearer token-2"])
    }
    let calls = Mutex(0)
    try await UpstreamServer.run({ _ in
      calls.withLock { $0 += 1 }
      return ServerResponse(status: .unauthorized)
    }) { upstream in
      let call = UpstreamCall(.get, upstream.baseURL.path("/thing"))
      guard case .refused(let answer) = await Self.failure(of: upstream, call) else {
        Issue.record("it was not refused")
        return
      }
      #expect(answer.code == 401)
      #expect(calls.withLock { $0 } == 2)
    }
  }

  @Test("Whom no token is granted calls nobody")
  func noToken() async throws {
    let calls = Mutex(0)
    try await UpstreamServer.run(
      refusedUser: "stranger",
      { _ in
        calls.withLock { $0 += 1 }
        return ServerResponse(status: .ok)
      }
    ) { upstream in
      let call = UpstreamCall(.put, upstream.baseURL.path("/thing"), user: "stranger", isRead: false)
      #expect(
        await Self.failure(of: upstream, call)
          == .noAnswer(
            text: "[no] none for stranger",
            cause: "token: [no] none for stranger",
            mayHaveHappened: false
          )
      )
      #expect(calls.withLock { $0 } == 0)
    }
  }

  @Test(
    "Answers are refused by their code, with the registered phrase, and without the query or a hidden host"
  )
  func refused() async throws {
    try await UpstreamServer.run({ request in
      let code = Int(request.head.target.query["code"] ?? "") ?? 0
      return ServerResponse(status: HTTPResponse.Status(code: code, reasonPhrase: "Go Away"))
    }) { upstream in
      func text(_ code: Int, wantsOK: Bool = false, place: String? = nil) async -> String? {
        let url = upstream.baseURL.path("/thing", query: [("code", "\(code)")])
        let call = UpstreamCall(.get, url, wantsOK: wantsOK, place: place)
        guard case .refused(let answer) = await Self.failure(of: upstream, call) else { return nil }
        return answer.text
      }
      #expect(await text(404) == "404 Not Found from GET \(upstream.baseURL)/thing")
      #expect(await text(503, place: "GET /thing") == "503 Service Unavailable from GET /thing")
      #expect(await text(599, place: "GET /thing") == "599 from GET /thing")
      #expect(await text(204) == nil)
      #expect(await text(204, wantsOK: true, place: "GET /thing") == "204 No Content from GET /thing")
    }
  }

  @Test("AD-32: a call has its own time once there is a token, which has its own as well")
  func tokenTime() async throws {
    let responder: Responder = { _ in ServerResponse(status: .ok) }
    try await UpstreamServer.run(timeout: .milliseconds(200), tokenDelay: .milliseconds(400), responder) {
      upstream in
      #expect(upstream.tokenTimeout == .seconds(30))
      let call = UpstreamCall(.get, upstream.baseURL.path("/thing"))
      #expect(await Self.failure(of: upstream, call) == nil)
    }
    try await UpstreamServer.run(
      tokenTimeout: .milliseconds(50),
      tokenDelay: .seconds(60),
      responder
    ) { upstream in
      let call = UpstreamCall(.put, upstream.baseURL.path("/thing"), isRead: false)
      #expect(
        await Self.failure(of: upstream, call)
          == .noAnswer(
            text: "The token request timed out",
            cause: "token: The token request timed out",
            mayHaveHappened: false
          )
      )
    }
  }

  @Test("The caller's deadline or the client's holds for a call, whichever is first")
  func deadline() async throws {
    let responder: Responder = { _ in
      try? await Task.sleep(for: .seconds(60))
      return ServerResponse(status: .ok)
    }
    for (timeout, time) in [
      (Duration.milliseconds(50), Duration.seconds(60)), (.seconds(60), .milliseconds(50)),
    ] {
      try await UpstreamServer.run(timeout: timeout, responder) { upstream in
        let call = UpstreamCall(.put, upstream.baseURL.path("/thing"), isRead: false, place: "PUT /thing")
        let failure = await Self.failure(of: upstream, call, within: time)
        guard case .noAnswer(let text, _, true) = failure else {
          Issue.record("\(String(describing: failure))")
          return
        }
        #expect(text == "Timed out waiting for PUT /thing")
      }
    }
  }

  @Test("What cannot be read is told without its content")
  func unreadable() throws {
    let call = UpstreamCall(.get, try HTTPURL("https://host/thing?secret=1"))
    for body in ["<html>", ""] {
      let failure = #expect(throws: UpstreamFailure.self) {
        try call.read(Array(body.utf8)) { (value) throws(JSONError) in value }
      }
      guard case .unreadable(let text, let cause)? = failure else { return }
      #expect(text == "Unreadable answer from GET https://host/thing")
      #expect(!cause.contains("html"))
    }
    let number = try call.read(Array("1".utf8)) { (value) throws(JSONError) in value }
    #expect(number == .number("1"))
  }

  @Test("Which failures leave it open whether a change was made")
  func mayHaveHappened() {
    func refused(_ code: Int) -> UpstreamFailure {
      .refused(.init(code: code, reason: "", place: "PUT http://host"))
    }
    #expect([400, 404, 500, 503].allSatisfy { !refused($0).mayHaveHappened })
    #expect([502, 504].allSatisfy { refused($0).mayHaveHappened })
    #expect(UpstreamFailure.unreadable(text: "", cause: "").mayHaveHappened)
    #expect("\(refused(502))" == "upstream answered 502 to a PUT")
  }
}
