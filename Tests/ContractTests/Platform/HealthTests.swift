import Foundation
import Testing

/// platform.md section 3, and rows 19 to 26 of its section 11.
@Suite("Platform: health and info")
struct HealthTests {
  @Test("19: with everything up, health is 200 with every component of the service")
  func allUp() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.get("/non-associations-api/health")
      #expect(answer.status == 200)
      #expect(answer.header("Content-Type") == "application/vnd.spring-boot.actuator.v3+json")
      let health = try answer.json
      #expect(health["status"]?.text == "UP")
      #expect(health["groups"]?.items.compactMap(\.text) == ["liveness", "readiness"])
      let components = try #require(health["components"])
      for name in [
        "db", "diskSpace", "hmppsAuthApi", "livenessState", "ping", "prisonerSearchApi", "readinessState",
        "ssl",
      ] {
        #expect(components[name]?["status"]?.text == "UP", "\(name)")
      }
      #expect(components["db"]?["details"]?["database"]?.text == "PostgreSQL")
      #expect(components["hmppsAuthApi"]?["details"]?["HttpStatus"]?.text == "200 OK")
      #expect(try #require(components["diskSpace"]?["details"]?["free"]?.number) > 10_485_760)
    }
  }

  @Test("one component is answered by itself, and an unknown one is 404 without a body")
  func component() async throws {
    try await withGateway { (gateway) async throws in
      let database = try await gateway.get("/non-associations-api/health/db")
      #expect(database.status == 200)
      #expect(try database.json["details"]?["validationQuery"]?.text == "isValid()")
      let unknown = try await gateway.get("/non-associations-api/health/nothing")
      #expect(unknown.status == 404 && unknown.body.isEmpty)
    }
  }

  @Test("20: an upstream whose ping is 503 makes health 503, with its status and body, and no probe cares")
  func upstreamDown() async throws {
    try await withGateway { (gateway) async throws in
      gateway.search.answer(status: 503)
      let answer = try await gateway.get("/non-associations-api/health")
      #expect(answer.status == 503)
      let component = try #require(try answer.json["components"]?["prisonerSearchApi"])
      #expect(component["status"]?.text == "DOWN")
      #expect(component["details"]?["HttpStatus"]?.text == "503 SERVICE_UNAVAILABLE")
      #expect(component["details"]?["body"]?.text == "no")
      #expect(try answer.json["components"]?["db"]?["status"]?.text == "UP")
    }
  }

  @Test("21: an upstream that hangs is down within the health timeout, while probes stay 200")
  func upstreamHangs() async throws {
    try await withGateway(settings: ["API_HEALTH_TIMEOUT": "200ms"]) { (gateway) async throws in
      gateway.search.hang()
      async let health = gateway.get("/non-associations-api/health")
      for probe in ["ping", "liveness", "readiness"] {
        #expect(try await gateway.get("/health/\(probe)").status == 200)
      }
      let answer = try await health
      #expect(answer.status == 503)
      #expect(try answer.json["components"]?["prisonerSearchApi"]?["status"]?.text == "DOWN")
    }
  }

  @Test("22: with the database gone health is 503 with db down, and readiness stays 200")
  func databaseDown() async throws {
    try await withGateway(settings: ["API_HEALTH_TIMEOUT": "500ms"]) { (gateway) async throws in
      try await gateway.database.refuseConnections()
      let answer = try await gateway.get("/non-associations-api/health")
      #expect(answer.status == 503)
      #expect(try answer.json["components"]?["db"]?["status"]?.text == "DOWN")
      #expect(try await gateway.get("/health/readiness").status == 200)
    }
  }

  @Test("25: health asked twice within two seconds asks the components once")
  func cached() async throws {
    try await withGateway { (gateway) async throws in
      _ = try await gateway.get("/non-associations-api/health")
      let asked = gateway.search.requestCount
      _ = try await gateway.get("/non-associations-api/health")
      #expect(gateway.search.requestCount == asked)
      _ = try await gateway.get("/non-associations-api/health/prisonerSearchApi")
      #expect(gateway.search.requestCount == asked + 1)
    }
  }

  @Test("details can be kept from callers")
  func withoutDetails() async throws {
    try await withGateway(settings: ["HEALTH_DETAILS": "never"]) { (gateway) async throws in
      let answer = try await gateway.get("/non-associations-api/health")
      #expect(answer.status == 200)
      #expect(!answer.text.contains("details"))
    }
  }

  @Test("26: info names the service, its build and its product")
  func info() async throws {
    let settings = [
      "PRODUCT_ID": "DPS032", "BUILD_NUMBER": "2026-01-15.1234.abc1234", "BUILD_TIME": "2026-01-15T09:00:00Z",
      "GIT_BRANCH": "main", "GIT_REF": "abc1234def5678",
    ]
    try await withGateway(settings: settings) { (gateway) async throws in
      let info = try await gateway.get("/non-associations-api/info").json
      #expect(info["app"] == nil)
      #expect(info["build"]?["name"]?.text == "hmpps-non-associations-api")
      #expect(info["build"]?["version"]?.text == "2026-01-15.1234.abc1234")
      #expect(info["build"]?["group"]?.text == "uk.gov.justice.digital.hmpps")
      #expect(info["build"]?["time"]?.text == "2026-01-15T09:00:00Z")
      #expect(info["git"]?["branch"]?.text == "main")
      #expect(info["git"]?["commit"]?["id"]?.text == "abc1234")
      #expect(info["productId"]?.text == "DPS032")
    }
  }

  @Test("the metadata that a 401 names is there, by the host and scheme the caller knows")
  func protectedResource() async throws {
    try await withGateway { (gateway) async throws in
      let headers = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "api.example")]
      let refused = try await gateway.send("GET", "/constants", headers: headers)
      let url = "https://api.example/.well-known/oauth-protected-resource"
      #expect(refused.header("WWW-Authenticate") == "Bearer resource_metadata=\"\(url)\"")
      let answer = try await gateway.send("GET", "/.well-known/oauth-protected-resource", headers: headers)
      #expect(answer.status == 200)
      #expect(try answer.json["resource"]?.text == "https://api.example")
      #expect(try answer.json["bearer_methods_supported"]?.items.compactMap(\.text) == ["header"])
    }
  }
}
