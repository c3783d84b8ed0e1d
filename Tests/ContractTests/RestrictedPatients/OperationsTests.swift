import Foundation
import ServerTestKit
import Testing

@testable import Gateway

@Suite("docs/contract/restricted-patients.md §15: Health, information, documents and queues")
struct OperationsTests {
  private static let base = "/restricted-patients-api"

  @Test("109: with everything up, health is 200; both upstreams were asked once, without the names of others")
  func allUp() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stub("GET /health/ping", 200, #"{"status":"UP"}"#)
      let answer = try await gateway.get(Self.base + "/health")
      #expect(answer.status == 200)
      let health = try answer.json
      #expect(health["status"] == "UP")
      let components = try #require(health["components"])
      for name in [
        "db", "ping", "diskSpace", "livenessState", "readinessState", "prisonApiHealthCheck",
        "prisonerSearchApiHealthCheck", "domainevents-health", "offenderevents-health",
        "domaineventsoutbound-health",
      ] {
        #expect(components[name]?["status"] == "UP", "\(name)")
      }
      for name in ["domainevents-health", "offenderevents-health"] {
        #expect(components[name]?["details"]?["dlqStatus"] == "UP")
      }
      for name in ["prisonApiHealthCheck", "prisonerSearchApiHealthCheck"] {
        #expect(components[name]?["details"]?["HttpStatus"] == "200 OK")
      }
      #expect(components["hmppsAuthApi"] == nil)
      #expect(gateway.prisonAPI.calls == ["GET /health/ping"])
      #expect(gateway.search.requests.map(\.path) == ["/health/ping"])
    }
  }

  @Test("110: without its queues, or what they are connected by, health is 503 and says which")
  func queueMissing() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stub("GET /health/ping", 200, #"{"status":"UP"}"#)
      let queues = gateway.configuration.restrictedPatients.messaging.queues
      try await gateway.database.run(
        """
        update gateway_queue set dead_letter_queue = null, max_receive_count = null;
        delete from gateway_queue where name in ('\(queues[1].name)', '\(queues[1].deadLetterQueue)');
        """
      )
      let answer = try await gateway.get(Self.base + "/health")
      #expect(answer.status == 503)
      let components = try #require(try answer.json["components"])
      for name in ["domainevents-health", "offenderevents-health"] {
        #expect(components[name]?["status"] == "DOWN", "\(name)")
        #expect(components[name]?["details"]?["dlqStatus"] == "DOWN", "\(name)")
      }
      #expect(components["prisonApiHealthCheck"]?["status"] == "UP")
    }
  }

  @Test(
    "111: the probes are 200 without a token, and ask nobody",
    arguments: ["ping", "readiness", "liveness"]
  )
  func probes(name: String) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let answer = try await gateway.get(Self.base + "/health/\(name)")
      #expect(answer.status == 200)
      #expect(try answer.json == ["status": "UP"])
      #expect(gateway.prisonAPI.calls.isEmpty && gateway.search.requestCount == 0)
    }
  }

  @Test("112: information names the service and its build")
  func information() async throws {
    let settings = ["BUILD_NUMBER": "2026-01-15.1", "RESTRICTED_PATIENTS_PRODUCT_ID": "DPS066"]
    try await withGateway(at: Patients.clock, settings: settings) { (gateway) async throws in
      let answer = try await gateway.get(Self.base + "/info")
      #expect(answer.text.contains(#""app":{"name":"Hmpps Restricted Patients Api","version":1.0}"#))
      let info = try answer.json
      #expect(info["build"]?["version"] == "2026-01-15.1")
      #expect(info["build"]?["name"] == "hmpps-restricted-patients-api")
      #expect(info["productId"] == "DPS066")
    }
  }

  @Test("113: documents, where they are enabled, have what clients look for")
  func documents() async throws {
    try await withGateway(settings: ["SPRINGDOC_API-DOCS_ENABLED": "true"]) { (gateway) async throws in
      let answer = try await gateway.get(Self.base + "/v3/api-docs")
      #expect(answer.status == 200)
      let document = try answer.json
      #expect(document["components"]?["securitySchemes"]?["bearer-jwt"]?["scheme"] == "bearer")
      #expect(document["security"]?[0]?["bearer-jwt"] == ["read", "write"])
      let schemas = try #require(document["components"]?["schemas"])
      #expect(schemas["ErrorResponse"]?["required"] == ["status"])
      #expect(schemas["LocalTime"] == nil)
      let time = try #require(schemas["RestrictedPatientDto"]?["properties"]?["dischargeTime"])
      #expect(time["example"] == "2021-07-16T12:34:56" && time["pattern"] == nil)
      #expect(
        answer.text.split(separator: "\"operationId\":\"").dropFirst().allSatisfy {
          !$0.prefix { $0 != "\"" }.contains("_")
        }
      )
      let moved = try await gateway.get(Self.base + "/swagger-ui.html")
      #expect(moved.status == 302)
      #expect(moved.header("Location")?.hasPrefix(Self.base + "/swagger-ui/index.html") == true)
    }
  }

  @Test("115: queues are their administrators' alone, also all of them at once; an unknown one is 404")
  func queueAdmin() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let queues = gateway.configuration.restrictedPatients.messaging.queues
      let calls = [
        ("PUT", "retry-dlq/\(queues[0].deadLetterQueue)"), ("PUT", "retry-all-dlqs"),
        ("PUT", "purge-queue/\(queues[1].name)"), ("GET", "get-dlq-messages/\(queues[0].deadLetterQueue)"),
      ]
      let admin = try gateway.token(roles: ["SYSCON__QUEUE_ADMIN"])
      for (method, path) in calls {
        let target = Self.base + "/queue-admin/" + path
        #expect(try await gateway.send(method, target, token: gateway.user()).status == 403, "\(path)")
        #expect(try await gateway.send(method, target, token: admin).status == 200, "\(path)")
      }
      let unknown = try await gateway.send("PUT", Self.base + "/queue-admin/purge-queue/x", token: admin)
      #expect(unknown.status == 404)
      #expect(
        try unknown.json.keys == ["status", "errorCode", "userMessage", "developerMessage", "moreInfo"]
      )
    }
  }
}
