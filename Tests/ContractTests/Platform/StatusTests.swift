import Testing

@Suite("platform.md 2: Statuses and headers")
struct StatusTests {
  @Test("every answer carries the security headers", arguments: ["/constants", "/nowhere", "/health/ping"])
  func securityHeaders(path: String) async throws {
    try await withGateway { (gateway) async throws in
      for token in [nil, try gateway.reader()] {
        let answer = try await gateway.get(path, token: token)
        #expect(answer.header("X-Content-Type-Options") == "nosniff")
        #expect(answer.header("X-XSS-Protection") == "0")
        #expect(answer.header("Cache-Control") == "no-cache, no-store, max-age=0, must-revalidate")
        #expect(answer.header("Pragma") == "no-cache")
        #expect(answer.header("Expires") == "0")
        #expect(answer.header("X-Frame-Options") == "SAMEORIGIN")
        #expect(answer.header("Server") == nil)
        #expect(answer.header("Strict-Transport-Security") == nil)
        #expect(answer.header("Date") != nil)
      }
    }
  }

  @Test(
    "17: a trailing slash or another letter case is another path",
    arguments: ["/constants/", "/Constants"]
  )
  func otherPath(path: String) async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await gateway.get(path, token: gateway.reader()).status == 404)
    }
  }

  @Test("18: an Accept without JSON is 406 with an empty body")
  func notAcceptable() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.send(
        "GET",
        "/constants",
        token: gateway.reader(),
        headers: [("Accept", "text/plain")]
      )
      #expect(answer.status == 406)
      #expect(answer.body.isEmpty)
    }
  }

  @Test("OPTIONS on a known path answers 200 with Allow; HEAD answers as GET without a body")
  func optionsAndHead() async throws {
    try await withGateway { (gateway) async throws in
      let options = try await gateway.send("OPTIONS", "/constants", token: gateway.reader())
      #expect(options.status == 200)
      #expect(options.body.isEmpty)
      #expect(options.header("Allow")?.contains("GET") == true)
      let get = try await gateway.get("/constants", token: gateway.reader())
      let head = try await gateway.send("HEAD", "/constants", token: gateway.reader())
      #expect(head.status == 200)
      #expect(head.body.isEmpty)
      #expect(head.header("Content-Length") == get.header("Content-Length"))
    }
  }

  @Test(
    "paths that the firewall refused are 400",
    arguments: [
      "/constants;a=b", "//constants", "/a/../constants", "/constants%2e", "/a%25b", "/a%00", "/a%2fb",
      "/a%5cb",
    ]
  )
  func refusedPaths(path: String) async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await gateway.get(path, token: gateway.reader()).status == 400)
    }
  }

  @Test("an error that nobody expected tells the caller nothing of the inside, but how to find it in the log")
  func internalError() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.run("drop table non_association cascade")
      let answer = try await gateway.get("/non-associations/1", token: gateway.reader())
      #expect(answer.status == 500)
      let text = answer.text.lowercased()
      for word in ["select", " relation", "non_association", "sql", "swift"] { #expect(!text.contains(word)) }
      #expect(try answer.json["userMessage"]?.text?.hasPrefix("Unexpected error: ") == true)
    }
  }
}
