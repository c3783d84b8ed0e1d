import Foundation
import Testing

/// platform.md section 7, and rows 46 and 47 of its section 11.
@Suite("Platform: the API's description")
struct APIDescriptionTests {
  @Test("46: the description is there without a token, with the names that clients look for")
  func document() async throws {
    try await withGateway(settings: ["BUILD_NUMBER": "2026-01-15.1"]) { (gateway) async throws in
      let answer = try await gateway.get("/non-associations-api/v3/api-docs")
      #expect(answer.status == 200)
      #expect(answer.header("Content-Type") == "application/json")
      let document = try answer.json
      #expect(document["openapi"]?.text?.hasPrefix("3.1") == true)
      #expect(document["info"]?["title"]?.text == "Non-Associations API")
      #expect(document["info"]?["version"]?.text == "2026-01-15.1")
      #expect(document["info"]?["contact"]?["email"]?.text == "feedback@digital.justice.gov.uk")
      let scheme = try #require(document["components"]?["securitySchemes"]?["bearer-jwt"])
      #expect(
        scheme == [
          "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
          "description": "An HMPPS Auth access token.",
        ]
      )
      #expect(document["security"]?[0]?["bearer-jwt"] == ["read", "write"])
      guard case .object(let paths) = try #require(document["paths"]) else { return }
      for path in [
        "/non-associations", "/non-associations/{id}/close", "/prisoner/{prisonerNumber}/non-associations",
        "/subject-access-request", "/queue-admin/retry-dlq/{dlqName}", "/legacy/api/non-associations/{id}",
      ] {
        #expect(paths[path] != nil, "\(path)")
      }
    }
  }

  @Test("46, 47: the description of restricted patients is there only when it is asked for")
  func restrictedPatients() async throws {
    try await withGateway { (gateway) async throws in
      for path in ["/v3/api-docs", "/swagger-ui/index.html", "/swagger-ui.html"] {
        #expect(try await gateway.get("/restricted-patients-api" + path).status == 404)
      }
    }
    try await withGateway(settings: ["SPRINGDOC_API-DOCS_ENABLED": "true"]) { (gateway) async throws in
      let document = try await gateway.get("/restricted-patients-api/v3/api-docs").json
      #expect(document["info"]?["title"]?.text == "HMPPS Restricted Patients API")
      let schemas = try #require(document["components"]?["schemas"])
      #expect(schemas["ErrorResponse"]?["required"] == ["status"])
      #expect(
        schemas["RestrictedPatientDto"]?["properties"]?["dischargeTime"] == [
          "type": "string", "format": "date-time", "description": "When the prisoner went to hospital",
          "example": "2021-07-16T12:34:56",
        ]
      )
      #expect(document["paths"]?["/process-past-date-restricted-patients"] == nil)
      #expect(
        document["paths"]?["/discharge-to-hospital"]?["post"]?["operationId"]?.text?.contains("_") == false
      )
    }
  }

  @Test("46: the old address of the page leads to it, which is HTML whatever is asked for")
  func page() async throws {
    try await withGateway { (gateway) async throws in
      for base in ["", "/non-associations-api"] {
        let moved = try await gateway.get(base + "/swagger-ui.html?a=b")
        #expect(moved.status == 302)
        let location = "\(base)/swagger-ui/index.html?configUrl=\(base)/v3/api-docs/swagger-config&a=b"
        #expect(moved.header("Location") == location)
        for page in ["/swagger-ui/index.html", "/webjars/swagger-ui/index.html"] {
          let page = try await gateway.send("GET", base + page, headers: [("Accept", "application/json")])
          #expect(page.status == 200)
          #expect(page.header("Content-Type")?.hasPrefix("text/html") == true)
        }
        let configuration = try await gateway.get(base + "/v3/api-docs/swagger-config").json
        #expect(configuration["url"]?.text == base + "/v3/api-docs")
      }
    }
  }

  @Test("openapi-spec-validator finds nothing wrong, in a module's description and in the union's")
  func valid() async throws {
    try await withGateway(settings: ["SPRINGDOC_API-DOCS_ENABLED": "true"]) { (gateway) async throws in
      for base in ["", "/non-associations-api", "/restricted-patients-api"] {
        let check = try await Python.run(
          "check_api",
          ["validate", "http://127.0.0.1:\(gateway.port)\(base)"]
        )
        #expect(check.status == 0, "\(check.output)")
      }
    }
  }

  @Test("schemathesis finds no error, no undescribed status, media type or body")
  func exercised() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "schemathesis-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await withGateway(settings: ["SPRINGDOC_API-DOCS_ENABLED": "true"]) { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      // Prison API knows everybody and discharges them, so that there are patients to be read and removed.
      gateway.prisonAPI.stubLists()
      gateway.prisonAPI.stubMovements(PrisonAPIDouble.movement())
      gateway.prisonAPI.stub(PrisonAPIDouble.release, 201)
      gateway.prisonAPI.stubOthers { call in
        if call.hasPrefix("PUT /api/offenders/") { return (201, #"{"offenderNo":"A1234AA"}"#) }
        if call.hasPrefix("GET /api/bookings/") {
          return (200, #"{"offenderNo":"A1234AA","bookingId":1,"activeFlag":true}"#)
        }
        return nil
      }
      let token = try gateway.token(
        roles: [
          "READ_NON_ASSOCIATIONS", "WRITE_NON_ASSOCIATIONS", "REOPEN_NON_ASSOCIATIONS",
          "DELETE_NON_ASSOCIATIONS",
          "NON_ASSOCIATIONS_SYNC", "NON_ASSOCIATIONS_API_QUEUE_ADMIN", "SYSCON__QUEUE_ADMIN",
          "SAR_DATA_ACCESS", "RESTRICTED_PATIENTS_ADMIN",
        ],
        user: "SCHEMATHESIS",
        expiresIn: 500_000_000
      )
      let url = "http://127.0.0.1:\(gateway.port)"
      let check = try await Python.run("check_api", ["exercise", url, token, "42", folder.path])
      #expect(check.status == 0, "\(check.output)")
    }
  }
}
