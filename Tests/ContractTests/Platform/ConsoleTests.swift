import Events
import HTTPTransport
import TestKit
import Testing

@testable import Gateway

/// The console in production: what is open, what it asks of a caller, and what is there in the all-in-one profile alone.
@Suite("Platform: the console")
struct ConsoleTests {
  private static let nonAssociationsAdmin = "NON_ASSOCIATIONS_API_QUEUE_ADMIN"
  private static let patientsAdmin = "SYSCON__QUEUE_ADMIN"
  private static let stream = "/console/events/non-associations"

  @Test(
    "The root says what this is, and the page is there with its files; nothing in them may run but our scripts"
  )
  func pages() async throws {
    try await withGateway { (gateway) async throws in
      let root = try await gateway.get("/")
      #expect(root.status == 200)
      #expect(root.text.contains("Non-associations and restricted patients"))
      let page = try await gateway.send("GET", "/console", headers: [("Accept", "text/html")])
      #expect(page.status == 200)
      #expect(page.header("Content-Type") == "text/html;charset=utf-8")
      #expect(page.text.contains(#"data-profile="standard""#))
      let policy = try #require(page.header("Content-Security-Policy"))
      #expect(policy.hasPrefix("default-src 'none'; script-src 'self';"))
      #expect(!policy.contains("unsafe"))
      #expect(!page.text.contains("<script>") && !page.text.contains("style="))
      let files = page.text.matches(of: /(?:href|src)="(console\/[^"]+)"/).map { String($0.1) }
      #expect(Set(files).count > 10)
      for file in Set(files) {
        let answer = try await gateway.get("/" + file)
        #expect(answer.status == 200, "\(file)")
        let type =
          file.hasSuffix("js") ? "text/javascript" : file.hasSuffix("css") ? "text/css" : "image/svg+xml"
        #expect(answer.header("Content-Type")?.hasPrefix(type) == true, "\(file)")
      }
    }
  }

  @Test("A page is asked for each time and sent when it has changed; a file of its version is kept for good")
  func caching() async throws {
    try await withGateway { (gateway) async throws in
      func get(_ path: String, _ fields: (String, String)...) async throws -> Answer {
        try await gateway.send("GET", path, headers: [("Accept", "*/*")] + fields)
      }
      let page = try await get("/console", ("Accept-Encoding", "gzip"))
      #expect(page.header("Content-Encoding") == "gzip")
      #expect(page.header("Cache-Control") == "no-cache")
      let tag = try #require(page.header("ETag"))
      for condition in [tag, "\"other\", \(tag)", "*"] {
        let again = try await get("/console", ("If-None-Match", condition))
        #expect(again.status == 304, "\(condition)")
        #expect(again.body.isEmpty)
        #expect(again.header("ETag") == tag)
      }
      #expect(try await get("/console", ("If-None-Match", "\"x\"")).status == 200)

      let text = try await get("/console").text
      let path = try #require(text.firstMatch(of: /href="(console\/files\/[^"]+\/base\.css)"/)?.1)
      let file = try await get("/" + path, ("Accept-Encoding", "gzip"))
      #expect(file.status == 200)
      #expect(file.header("Content-Encoding") == "gzip")
      #expect(file.header("Cache-Control") == "public, max-age=31536000, immutable")
      #expect(try await gateway.send("HEAD", "/" + path).status == 200)
      // Of another version, what is here is sent, and not kept under that version's address.
      let other = try await get("/console/files/other/base.css")
      #expect(other.status == 200)
      #expect(other.header("Cache-Control") == "no-cache")
      #expect(other.header("ETag") == file.header("ETag"))
    }
  }

  @Test("A host of one service, and a base path, have no console: they answer as the service did")
  func onlyAtTheUnion() async throws {
    try await withGateway(settings: ["NON_ASSOCIATIONS_HOSTS": "associations.test"]) {
      (gateway) async throws in
      let token = try gateway.token(roles: [Self.nonAssociationsAdmin])
      for path in ["/", "/console", "/console/queues", Self.stream] {
        for (target, host) in [
          (path, "associations.test"), ("/restricted-patients-api" + path, "other.test"),
        ] {
          let headers = [("Host", host)]
          #expect(try await gateway.send("GET", target, headers: headers).status == 401, "\(host)\(target)")
          let known = try await gateway.send("GET", target, token: token, headers: headers)
          #expect(known.status == 404, "\(host)\(target)")
        }
      }
    }
  }

  @Test("What the all-in-one profile adds is not there: 401 without a token, 404 with one")
  func noSamples() async throws {
    try await withGateway { (gateway) async throws in
      let token = try gateway.token(roles: [Self.nonAssociationsAdmin, Self.patientsAdmin], user: "U")
      let paths = [
        ("GET", "/console/sample-users"), ("POST", "/console/sample-users/CONSOLE_USER/token"),
        ("GET", "/console/sample-prisoners"), ("GET", "/console/sample-agencies"), ("POST", "/console/play"),
        ("POST", "/console/queues/non-associations/messages"),
      ]
      for (method, path) in paths {
        #expect(try await gateway.send(method, path).status == 401, "\(path)")
        #expect(try await gateway.send(method, path, token: token).status == 404, "\(path)")
      }
    }
  }

  @Test("Each operator sees the queues of the services whose queues are theirs")
  func queues() async throws {
    try await withGateway { (gateway) async throws in
      func modules(_ roles: [String]) async throws -> [String] {
        let answer = try await gateway.get("/console/queues", token: gateway.token(roles: roles))
        #expect(answer.status == 200)
        guard case .array(let queues) = try answer.json else { return [] }
        #expect(queues.allSatisfy { $0["isReachable"] == true && $0["messagesOnDlq"] == 0 })
        return queues.compactMap { $0["module"]?.text }
      }
      #expect(try await gateway.get("/console/queues").status == 401)
      #expect(try await gateway.get("/console/queues", token: gateway.reader()).status == 403)
      let (first, second) = ("non-associations", "restricted-patients")
      #expect(Set(try await modules([Self.nonAssociationsAdmin])) == [first])
      #expect(Set(try await modules([Self.patientsAdmin])) == [second])
      #expect(Set(try await modules([Self.nonAssociationsAdmin, Self.patientsAdmin])) == [first, second])
    }
  }

  @Test("The stream wants the role of its service, and a position that it gave")
  func streamRefusals() async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await gateway.get(Self.stream).status == 401)
      let other = try gateway.token(roles: [Self.patientsAdmin, "READ_NON_ASSOCIATIONS"])
      #expect(try await gateway.get(Self.stream, token: other).status == 403)
      let token = try gateway.token(roles: [Self.nonAssociationsAdmin])
      for position in ["x", "1.", "-1", "1.2", "99999999999999999999"] {
        #expect(try await gateway.get("\(Self.stream)?after=\(position)", token: token).status == 400)
      }
    }
  }

  @Test(
    "A poll is answered by an event of another replica, once; without one it ends in time, and with the server"
  )
  func stream() async throws {
    try await withGateway(settings: ["SERVER_REQUEST_TIMEOUT": "3s"]) { (brief) async throws in
      try await withGateway(on: brief.database) { (gateway) async throws in
        let token = try gateway.token(roles: [Self.nonAssociationsAdmin])
        let start = try await gateway.get(Self.stream, token: token).json
        #expect(start["events"] == [])
        let position = try #require(start["position"]?.text)

        let empty = try await brief.get("\(Self.stream)?after=\(position)", token: token)
        #expect(empty.status == 200)
        #expect(try empty.json["events"] == [])

        async let poll = gateway.get("\(Self.stream)?after=\(position)", token: token)
        let made = try await brief.post("/non-associations", CreateTests.body, token: brief.writer())
        #expect(made.status == 201)
        let told = try await poll.json
        let event = try #require(told["events"]?[0])
        #expect(event["eventType"] == "non-associations.created")
        #expect(event["message"]?.text?.contains("A1234BC") == true)
        let next = try #require(told["position"]?.text)
        #expect(next != position)
        let nothing = try await brief.get("\(Self.stream)?after=\(next)", token: token).json
        #expect(nothing["events"] == [])

        async let last = gateway.get("\(Self.stream)?after=\(next)", token: token)
        try await eventually("a connection is open") { gateway.application.server.openConnections > 0 }
        gateway.application.events.closeFeeds()
        #expect(try await last.json["events"] == [])
      }
    }
  }
}
