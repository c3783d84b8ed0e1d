import Foundation
import ServerTestKit
import Testing

/// docs/contract/platform.md §7, §11 rows 46, 47.
@Suite("Platform: the API's description")
struct APIDescriptionTests {
  private static let documented = ["SPRINGDOC_API-DOCS_ENABLED": "true", "BUILD_NUMBER": "2026-01-15.1"]

  @Test(
    "46: the description is there without a token, with the names that clients look for",
    .sharedGateway(settings: documented),
    arguments: Surface.all
  )
  func document(surface: Surface) async throws {
    try await withGateway(at: surface) { (_, client) async throws in
      let answer = try await client.get("/v3/api-docs")
      #expect(answer.status == 200)
      #expect(answer.header("Content-Type") == "application/json")
      let document = try answer.json
      #expect(document["openapi"]?.text?.hasPrefix("3.1") == true)
      let title =
        switch (surface.mounting, surface.service) {
        case (.union, _): "Prisoner gateway"
        case (_, .nonAssociations): "Non-Associations API"
        case (_, .restrictedPatients): "HMPPS Restricted Patients API"
        }
      #expect(document["info"]?["title"]?.text == title)
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
      let paths = try #require(document["paths"]).keys
      let business: Set =
        surface.service == .nonAssociations
        ? [
          "/non-associations", "/non-associations/{id}/close",
          "/prisoner/{prisonerNumber}/non-associations", "/legacy/api/non-associations/{id}",
        ]
        : [
          "/discharge-to-hospital", "/migrate-in-restricted-patient", "/change-supporting-prison",
          "/restricted-patient/prison-number/{prison-number}",
        ]
      #expect(business.subtracting(paths).isEmpty)
      #expect(paths.isSuperset(of: ["/subject-access-request", "/queue-admin/retry-dlq/{dlqName}"]))
      let other = surface.service == .nonAssociations ? "/discharge-to-hospital" : "/non-associations"
      #expect(paths.contains(other) == (surface.mounting == .union))
      #expect(!paths.contains("/process-past-date-restricted-patients"))
    }
  }

  @Test(
    "46: what clients of restricted patients look for in its description",
    .sharedGateway(settings: documented),
    arguments: Surface.restrictedPatients
  )
  func restrictedPatients(surface: Surface) async throws {
    try await withGateway(at: surface) { (_, client) async throws in
      let document = try await client.get("/v3/api-docs").json
      let schemas = try #require(document["components"]?["schemas"])
      let errors = surface.mounting == .union ? "RestrictedPatientsErrorResponse" : "ErrorResponse"
      #expect(schemas[errors]?["required"] == ["status"])
      #expect(schemas["LocalTime"] == nil)
      #expect(
        schemas["RestrictedPatientDto"]?["properties"]?["dischargeTime"] == [
          "type": "string", "format": "date-time",
          "description": "When the prisoner went to hospital, on London's clock, without a zone",
          "example": "2021-07-16T12:34:56",
        ]
      )
      guard case .object(let paths) = try #require(document["paths"]) else { return }
      let operations = paths.values.flatMap { path in path.keys.compactMap { path[$0]?["operationId"]?.text }
      }
      #expect(operations.count >= 10)
      #expect(operations.allSatisfy { !$0.contains("_") })
    }
  }

  @Test(
    "47: the description of restricted patients is there only when it is asked for",
    .sharedGateway,
    arguments: Surface.restrictedPatients
  )
  func undocumented(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      guard surface.mounting != .union else {
        // The union's is that of non-associations then.
        let paths = try await client.get("/v3/api-docs").json["paths"]
        #expect(paths?.keys.contains("/non-associations") == true)
        #expect(paths?.keys.contains("/discharge-to-hospital") == false)
        return
      }
      for path in [
        "/v3/api-docs", "/v3/api-docs/swagger-config", "/swagger-ui/index.html", "/swagger-ui.html",
        "/swagger-ui/oauth2-redirect.html",
      ] {
        #expect(try await client.get(path).status == 404)
      }
      #expect(try await client.get("/v3/api-docs.yaml").status == 401)
      #expect(try await client.get("/v3/api-docs.yaml", token: gateway.token(roles: [])).status == 404)
    }
  }

  @Test(
    "46: the old address of the page leads to it, which is HTML whatever is asked for",
    .sharedGateway(settings: documented),
    arguments: Surface.all
  )
  func page(surface: Surface) async throws {
    try await withGateway(at: surface) { (_, client) async throws in
      let base = surface.basePath
      let moved = try await client.get("/swagger-ui.html?a=b")
      #expect(moved.status == 302)
      let location = "\(base)/swagger-ui/index.html?configUrl=\(base)/v3/api-docs/swagger-config&a=b"
      #expect(moved.header("Location") == location)
      for page in [
        "/swagger-ui/index.html", "/webjars/swagger-ui/index.html", "/swagger-ui/oauth2-redirect.html",
      ] {
        let page = try await client.send("GET", page, headers: [("Accept", "application/json")])
        #expect(page.status == 200)
        #expect(page.header("Content-Type")?.hasPrefix("text/html") == true)
      }
      let configuration = try await client.get("/v3/api-docs/swagger-config").json
      #expect(configuration["url"]?.text == base + "/v3/api-docs")
    }
  }

  @Test("AD-45: openapi-spec-validator finds nothing wrong, in a module's description and in the union's")
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
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement())
      gateway.prisonAPI.stub(ScriptedUpstream.release, 201)
      gateway.prisonAPI.stubOthers { request in
        if request.call.hasPrefix("PUT /api/offenders/") { return (201, #"{"offenderNo":"A1234AA"}"#) }
        if request.call.hasPrefix("GET /api/bookings/") {
          return (200, #"{"offenderNo":"A1234AA","bookingId":1,"activeFlag":true}"#)
        }
        return nil
      }
      let token = try gateway.token(
        roles: [
          "READ_NON_ASSOCIATIONS", "WRITE_NON_ASSOCIATIONS", "REOPEN_NON_ASSOCIATIONS",
          "DELETE_NON_ASSOCIATIONS",
          "NON_ASSOCIATIONS_SYNC", "NON_ASSOCIATIONS_API_QUEUE_ADMIN", "SYSCON__QUEUE_ADMIN",
          "SAR_DATA_ACCESS", "RESTRICTED_PATIENTS_ADMIN", "READ_NON_ASSOCIATIONS_HISTORY",
          "READ_RESTRICTED_PATIENTS",
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
