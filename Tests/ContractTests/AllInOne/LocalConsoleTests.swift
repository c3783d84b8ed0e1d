import EventLoops
import TestKit
import Testing

@testable import Gateway

/// What the console has in the all-in-one profile alone.
@Suite("All-in-one: the console")
struct LocalConsoleTests {
  private func send(
    _ local: LocalGateway,
    _ method: String,
    _ path: String,
    token: String? = nil,
    body: String? = nil
  ) async throws -> Answer {
    var headers = body == nil ? [] : [("Content-Type", "application/json")]
    if let token { headers.append(("Authorization", "Bearer \(token)")) }
    return try await SocketClient.send(
      port: local.application.address.port,
      method: method,
      target: path,
      headers: headers,
      body: body.map { Array($0.utf8) }
    )
  }

  private func token(_ local: LocalGateway, _ user: String) async throws -> String {
    let answer = try await send(local, "POST", "/console/sample-users/\(user)/token")
    return try #require(try answer.json["access_token"]?.text)
  }

  @Test("The page is at the root; samples are listed, and each user has a token that the services take")
  func samples() async throws {
    try await LocalGateway.with { (local) async throws in
      for path in ["/", "/console"] {
        let page = try await send(local, "GET", path)
        #expect(page.status == 200)
        #expect(page.text.contains(#"data-profile="all-in-one""#))
      }
      guard case .array(let users) = try await send(local, "GET", "/console/sample-users").json else {
        return
      }
      #expect(users.first?["username"] == "CONSOLE_USER")
      #expect(users.count > 5)
      for user in users {
        let name = try #require(user["username"]?.text)
        let token = try await token(local, name)
        guard case .array(let roles) = try #require(user["roles"]) else { return }
        let list = "/prisoner/A1234BC/non-associations"
        let expected = roles.contains("READ_NON_ASSOCIATIONS") ? 200 : 403
        #expect(try await send(local, "GET", list, token: token).status == expected, "\(name)")
        let queues = roles.contains { $0.text?.hasSuffix("QUEUE_ADMIN") == true } ? 200 : 403
        #expect(try await send(local, "GET", "/console/queues", token: token).status == queues, "\(name)")
      }
      #expect(try await send(local, "POST", "/console/sample-users/NOBODY/token").status == 404)
      let prisoners = try await send(local, "GET", "/console/sample-prisoners").json
      #expect(prisoners[0]?["prisonerNumber"] == "A1234BC")
      let agencies = try await send(local, "GET", "/console/sample-agencies").json
      #expect(agencies[0]?["agencyId"] == "MDI")
      #expect(agencies[0]?["isHospital"] == false)
    }
  }

  @Test("A message is put on a queue by who may look after it, and a scene is played by who has signed in")
  func sendAndPlay() async throws {
    try await LocalGateway.with { (local) async throws in
      let path = "/console/queues/non-associations/messages"
      let message = #"{"message":"nonsense"}"#
      #expect(try await send(local, "POST", path, body: message).status == 401)
      let staff = try await token(local, "STAFF_USER1")
      let administrator = try await token(local, "QUEUE_ADMIN_USER")
      // Whoever may look after no queue is not told which there are.
      #expect(try await send(local, "POST", path, token: staff, body: message).status == 404)
      #expect(try await send(local, "POST", path, token: administrator, body: "{}").status == 400)
      let sent = try await send(local, "POST", path, token: administrator, body: message)
      #expect(sent.status == 201)
      #expect(try sent.json["messageId"]?.text?.isEmpty == false)
      try await eventually("one dead letter is shown") {
        let queues = try await send(local, "GET", "/console/queues", token: administrator).json
        return queues[0]?["messagesOnDlq"] == 1
      }

      let scene = #"{"event":"merge","prisoner":"B2345CD","other":"C3456DE"}"#
      #expect(try await send(local, "POST", "/console/play", body: scene).status == 401)
      let refused = try await send(local, "POST", "/console/play", token: staff, body: #"{"event":"flood"}"#)
      #expect(refused.status == 400)
      #expect(try refused.json["error"]?.text?.hasPrefix("event must be one of") == true)
      let played = try await send(local, "POST", "/console/play", token: staff, body: scene)
      #expect(played.status == 200)
      #expect(try played.json["did"]?[0]?.text?.contains("B2345CD") == true)
    }
  }
}
