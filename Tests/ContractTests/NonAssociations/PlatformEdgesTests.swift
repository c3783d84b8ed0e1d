import Testing

@Suite("docs/contract/non-associations.md §15: Platform edges")
struct PlatformEdgesTests {
  @Test("146: an unknown path is 404 with a token and 401 without")
  func unknownPath() async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await gateway.get("/foo/bar").status == 401)
      let answer = try await gateway.get("/foo/bar", token: gateway.token(roles: []))
      #expect(answer.status == 404)
      #expect(
        try answer.json["userMessage"]
          == "No resource found: No static resource foo/bar for request '/foo/bar'."
      )
      #expect(try answer.json["developerMessage"] == "No static resource foo/bar for request '/foo/bar'.")
    }
  }

  @Test("147: a wrong method on a known path is 405 with Allow", arguments: ["DELETE", "POST"])
  func wrongMethod(method: String) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.send(method, "/non-associations/1", token: gateway.reader())
      #expect(answer.status == 405)
      #expect(answer.header("Allow")?.contains("GET") == true)
      #expect(try answer.json["status"] == 405)
    }
  }

  @Test("148: an expired token, a wrong signature and no Bearer are 401 with an empty body")
  func badTokens() async throws {
    try await withGateway { (gateway) async throws in
      let good = try gateway.reader()
      let expired = try gateway.token(roles: ["READ_NON_ASSOCIATIONS"], expiresIn: -3600)
      let parts = good.split(separator: ".")
      let forged = "\(parts[0]).\(parts[1]).\(String(parts[2].reversed()))"
      for value in ["Bearer \(expired)", "Bearer \(forged)", good] {
        let answer = try await gateway.send("GET", "/non-associations/1", headers: [("Authorization", value)])
        #expect(answer.status == 401)
        #expect(answer.body.isEmpty)
        #expect(answer.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
      }
    }
  }

  @Test("149: in summer, times are written an hour later than UTC")
  func summer() async throws {
    try await withGateway(at: "2023-07-15T12:34:56Z") { (gateway) async throws in
      let answer = try await gateway.post("/non-associations", CreateTests.body, token: gateway.writer())
      #expect(try answer.json["whenCreated"] == "2023-07-15T13:34:56")
    }
  }

  @Test("151: health, its probes and information need no token")
  func open() async throws {
    try await withGateway { (gateway) async throws in
      for path in ["/health/ping", "/health/readiness", "/health/liveness"] {
        let answer = try await gateway.get("/non-associations-api\(path)")
        #expect(answer.status == 200, "\(path)")
        #expect(try answer.json["status"] == "UP", "\(path)")
      }
      let health = try await gateway.get("/non-associations-api/health")
      #expect(health.status == 200)
      let topic = try health.json["components"]?["domainevents-health"]
      #expect(topic?["status"] == "UP")
      #expect(topic?["details"]?["topicArn"]?.text?.hasPrefix("arn:aws:sns:") == true)
      let info = try await gateway.get("/non-associations-api/info")
      #expect(try info.json["build"]?["name"] == "hmpps-non-associations-api")
    }
  }
}
