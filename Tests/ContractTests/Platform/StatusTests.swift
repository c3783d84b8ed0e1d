import ServerTestKit
import Testing

/// docs/contract/platform.md §2, §11 rows 15 to 18, 49, for each service under each mounting.
@Suite("docs/contract/platform.md §2: Statuses and headers")
struct StatusTests {
  @Test("every answer carries the security headers", .sharedGateway, arguments: Surface.all)
  func securityHeaders(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      for path in [surface.read, "/nowhere", "/health/ping"] {
        for token in [nil, try gateway.reader()] {
          let answer = try await client.get(path, token: token)
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
  }

  @Test(
    "15: without the role it is 403, whatever the body",
    .sharedGateway,
    arguments: Surface.nonAssociations
  )
  func accessDenied(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      for body in [CreateTests.body, "{"] {
        let answer = try await client.post(surface.write, body, token: gateway.reader())
        #expect(answer.status == 403)
        #expect(try answer.json == Self.denied(userMessage: "Forbidden: Access Denied"))
        #expect(answer.header("WWW-Authenticate") == nil)
      }
    }
  }

  @Test("16: without the role a subject access request is 403", .sharedGateway, arguments: Surface.all)
  func subjectAccessDenied(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let answer = try await client.get("/subject-access-request?prn=A12345", token: gateway.reader())
      #expect(answer.status == 403)
      let isPatients = surface.service == .restrictedPatients && surface.mounting != .union
      let expected = isPatients ? Patients.error(403) : Self.denied(userMessage: "Forbidden: Access Denied")
      #expect(try answer.json == expected)
      #expect(answer.header("WWW-Authenticate") == nil)
    }
  }

  private static func denied(userMessage: JSON) -> JSON {
    [
      "status": 403, "userMessage": userMessage, "developerMessage": "Access Denied", "errorCode": nil,
      "moreInfo": nil,
    ]
  }

  @Test(
    "17: an unknown path, a closing slash or another letter case is 404 in these words",
    .sharedGateway,
    arguments: Surface.all
  )
  func unknownPath(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      for path in ["/foo", "/foo/bar", "\(surface.read)/", surface.read.uppercased()] {
        for method in ["GET", "POST"] {
          let answer = try await client.send(method, path, token: gateway.reader())
          #expect(answer.status == 404, "\(method) \(path)")
          #expect(answer.header("Content-Type") == "application/json")
          let text = "No static resource \(path.dropFirst()) for request '\(path)'."
          #expect(
            try answer.json
              == surface.error(404, ("No resource found: ", "No resource found failure: "), text)
          )
        }
      }
    }
  }

  @Test("18: another method is 405 with Allow, whatever the body", .sharedGateway, arguments: Surface.all)
  func otherMethod(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      for method in ["DELETE", "PUT", "PATCH"] {
        let answer = try await client.send(method, surface.read, token: gateway.reader())
        #expect(answer.status == 405)
        #expect(answer.header("Allow")?.contains("GET") == true)
        #expect(try answer.json["status"] == 405)
        #expect(
          try answer.json["developerMessage"]?.text == "Request method '\(method)' is not supported"
        )
        #expect(try await client.send(method, surface.read).status == 401)
      }
    }
  }

  @Test(
    "18: another media type, or none, is 415; no or unreadable JSON is 400",
    .sharedGateway,
    arguments: Surface.all
  )
  func bodies(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      func answer(_ type: String?, _ body: String) async throws -> Answer {
        try await client.send(
          "POST",
          surface.write,
          token: gateway.writer(),
          headers: type.map { [("Content-Type", $0)] } ?? [],
          body: body
        )
      }
      for (type, named) in [("text/plain", "text/plain"), (nil, "application/octet-stream")] {
        let refused = try await answer(type, "{}")
        #expect(refused.status == 415)
        #expect(
          try refused.json["developerMessage"]?.text == "Content-Type '\(named)' is not supported"
        )
      }
      for body in ["{", ""] {
        let refused = try await answer("application/json", body)
        #expect(refused.status == 400)
        let json = try refused.json
        let text = try #require(json["developerMessage"]?.text)
        if surface.service == .nonAssociations {
          #expect(json["userMessage"]?.text == "Validation failure: Couldn't read request body: " + text)
        } else {
          #expect(json["userMessage"] == .null)
        }
        #expect(json.keys == ["status", "userMessage", "developerMessage", "errorCode", "moreInfo"])
      }
    }
  }

  @Test(
    "18: an Accept without JSON is 406 with an empty body, before anything is done",
    .sharedGateway,
    arguments: Surface.all
  )
  func notAcceptable(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let get = try await client.send(
        "GET",
        surface.read,
        token: gateway.reader(),
        headers: [("Accept", "text/plain")]
      )
      #expect(get.status == 406)
      #expect(get.body.isEmpty)
      let post = try await client.send(
        "POST",
        surface.write,
        token: gateway.writer(),
        headers: [("Accept", "text/html"), ("Content-Type", "application/json")],
        body: surface.service == .nonAssociations ? CreateTests.body : Patients.dischargeBody()
      )
      #expect(post.status == 406)
      #expect(post.body.isEmpty)
      #expect(try await gateway.database.count("non_association") == 0)
      #expect(gateway.prisonAPI.calls.isEmpty)
    }
  }

  @Test(
    "OPTIONS on a known path answers 200 with Allow; HEAD answers as GET without a body",
    .sharedGateway,
    arguments: Surface.all
  )
  func optionsAndHead(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let options = try await client.send("OPTIONS", surface.read, token: gateway.reader())
      #expect(options.status == 200)
      #expect(options.body.isEmpty)
      #expect(options.header("Allow")?.contains("GET") == true)
      let get = try await client.get(surface.read, token: gateway.reader())
      let head = try await client.send("HEAD", surface.read, token: gateway.reader())
      #expect(head.status == 200)
      #expect(head.body.isEmpty)
      #expect(head.header("Content-Length") == get.header("Content-Length"))
    }
  }

  @Test(
    "49: https at a private proxy is told on to browsers and in a 401, and the proxy's host",
    .sharedGateway,
    arguments: Surface.all
  )
  func forwarded(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      for (scheme, security) in [("https", "max-age=31536000 ; includeSubDomains"), ("http", nil)] {
        let answer = try await client.send("GET", surface.read, headers: [("X-Forwarded-Proto", scheme)])
        #expect(answer.header("Strict-Transport-Security") == security)
        let url = "\(scheme)://\(client.authority)/.well-known/oauth-protected-resource"
        #expect(answer.header("WWW-Authenticate") == "Bearer resource_metadata=\"\(url)\"")
      }
      let atPort = try await client.send(
        "GET",
        surface.read,
        headers: [
          ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", surface.host ?? "api.test"),
          ("X-Forwarded-Port", "8443"),
        ]
      )
      let url = "https://\(surface.host ?? "api.test"):8443/.well-known/oauth-protected-resource"
      #expect(atPort.header("WWW-Authenticate") == "Bearer resource_metadata=\"\(url)\"")
      // What a proxy says of the host is for links: it shows no other service.
      let other = surface.service == .nonAssociations ? "/restricted-patients" : "/constants"
      for field in ["associations.test", "patients.test", "api.test", "api.test, \(client.authority)"] {
        let elsewhere = try await client.send(
          "GET",
          other,
          token: gateway.reader(),
          headers: [("X-Forwarded-Host", field), ("X-Forwarded-Proto", "https")]
        )
        #expect(elsewhere.status == (surface.mounting == .union ? 200 : 404))
      }
    }
  }

  @Test(
    "the metadata that a 401 names is there, by the host and scheme the caller knows",
    .sharedGateway,
    arguments: Surface.all
  )
  func protectedResource(surface: Surface) async throws {
    try await withGateway(at: surface) { (_, client) async throws in
      let answer = try await client.send(
        "GET",
        "/.well-known/oauth-protected-resource",
        headers: [("X-Forwarded-Proto", "https")]
      )
      #expect(answer.status == 200)
      #expect(try answer.json["resource"]?.text == "https://\(client.authority)")
      #expect(try answer.json["bearer_methods_supported"]?.items.compactMap(\.text) == ["header"])
    }
  }
}
