import EventLoops
import Foundation
import ModuleKit
import ServerTestKit
import TestKit
import Testing
import Time

@testable import Gateway

/// docs/contract/platform.md §3, §11 rows 19 to 26, for each service under each mounting.
@Suite("Platform: health and info")
struct HealthTests {
  private static let build = [
    "NON_ASSOCIATIONS_PRODUCT_ID": "DPS032", "RESTRICTED_PATIENTS_PRODUCT_ID": "DPS066",
    "BUILD_NUMBER": "2026-01-15.1234.abc1234", "BUILD_TIME": "2026-01-15T09:00:00Z",
    "GIT_BRANCH": "main", "GIT_REF": "abc1234def5678",
  ]

  private static func components(_ surface: Surface) -> Set<String> {
    let process: Set = ["db", "diskSpace", "livenessState", "ping", "readinessState", "ssl"]
    return switch surface.service {
    case .nonAssociations:
      process.union([
        "hmppsAuthApi", "prisonerSearchApi", "audit-health", "nonassociations-health", "domainevents-health",
      ])
    case .restrictedPatients:
      process.union([
        "prisonApiHealthCheck", "prisonerSearchApiHealthCheck", "domainevents-health",
        "offenderevents-health", "domaineventsoutbound-health",
      ])
    }
  }

  @Test(
    "19: with everything up, health is 200 with every component of the service",
    .sharedGateway,
    arguments: Surface.all
  )
  func allUp(surface: Surface) async throws {
    try await withGateway(at: surface) { (_, client) async throws in
      let (answer, components) = try await client.health()
      #expect(answer.status == 200)
      #expect(answer.header("Content-Type") == "application/vnd.spring-boot.actuator.v3+json")
      #expect(try answer.json["status"] == "UP")
      #expect(try answer.json["groups"] == ["liveness", "readiness"])
      #expect(components.keys == Self.components(surface))
      for name in components.keys { #expect(components[name]?["status"] == "UP", "\(name)") }
      #expect(
        components["db"]?["details"] == ["database": "PostgreSQL", "validationQuery": "isValid()"]
      )
      #expect(components[surface.ownUpstream]?["details"] == ["HttpStatus": "200 OK"])
      #expect(components[surface.searchComponent]?["details"] == ["HttpStatus": "200 OK"])
      let disk = try #require(components["diskSpace"]?["details"])
      #expect(disk.keys == ["total", "free", "threshold", "path", "exists"])
      #expect(disk["threshold"] == 10_485_760)
      #expect(try #require(disk["free"]?.number) > 10_485_760)
      let chains: JSON = ["expiringChains": [], "invalidChains": [], "validChains": []]
      #expect(components["ssl"]?["details"] == chains)
      for name in ["livenessState", "readinessState", "ping"] {
        #expect(components[name] == ["status": "UP"])
      }
      let plain = try await client.send("GET", "/health", headers: [("Accept", "application/json")])
      #expect(plain.header("Content-Type") == "application/json")
    }
  }

  @Test(
    "one component is answered by itself, and an unknown one is 404 without a body",
    .sharedGateway,
    arguments: Surface.all
  )
  func component(surface: Surface) async throws {
    try await withGateway(at: surface) { (_, client) async throws in
      if surface.mounting == .union {
        // The names of components clash there, so that a service is what can be asked for.
        let service = try await client.get("/health/\(surface.service.rawValue)")
        #expect(service.status == 200)
        #expect(try service.json["components"]?.keys == Self.components(surface))
      } else {
        let database = try await client.get("/health/db")
        #expect(database.status == 200)
        #expect(try database.json["details"]?["validationQuery"] == "isValid()")
      }
      let unknown = try await client.get("/health/nothing")
      #expect(unknown.status == 404 && unknown.body.isEmpty)
    }
  }

  private func breakUpstream(_ gateway: RunningGateway, _ surface: Surface) -> String {
    switch surface.service {
    case .nonAssociations: gateway.search.answer(status: 503)
    case .restrictedPatients: gateway.prisonAPI.stub("GET /health/ping", 503, "no")
    }
    return surface.service == .nonAssociations ? surface.searchComponent : surface.ownUpstream
  }

  @Test(
    "20: an upstream whose ping is 503 makes health 503, with its status and body",
    arguments: Surface.all
  )
  func upstreamDown(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let name = breakUpstream(gateway, surface)
      let (answer, components) = try await client.health()
      #expect(answer.status == 503)
      #expect(try answer.json["status"] == "DOWN")
      let component = try #require(components[name])
      #expect(component["status"] == "DOWN")
      #expect(component["details"]?["HttpStatus"] == "503 SERVICE_UNAVAILABLE")
      #expect(component["details"]?["body"] == "no")
      #expect(component["details"]?["error"]?.text?.contains("503 Service Unavailable from GET ") == true)
      #expect(components["db"]?["status"] == "UP")
      #expect(try await client.get("/health/readiness").status == 200)
    }
  }

  @Test(
    "21: upstreams that hang are down within the health timeout, while probes stay 200",
    arguments: Surface.all
  )
  func upstreamsHang(surface: Surface) async throws {
    try await withGateway(at: surface, settings: ["API_HEALTH_TIMEOUT": "200ms"]) {
      (gateway, client) async throws in
      gateway.search.hang()
      gateway.prisonAPI.hold("GET /health/ping")
      async let health = client.health()
      for probe in ["ping", "liveness", "readiness"] {
        #expect(try await client.get("/health/\(probe)").status == 200)
      }
      let (answer, components) = try await health
      #expect(answer.status == 503)
      #expect(components[surface.searchComponent]?["status"] == "DOWN")
      if surface.service == .restrictedPatients {
        #expect(components[surface.ownUpstream]?["status"] == "DOWN")
      }
    }
  }

  @Test(
    "21: without the setting non-associations waits for a ping as for a call, restricted patients two seconds"
  )
  func healthTimeouts() async throws {
    func timeouts(_ settings: [String: String]) throws -> [Duration] {
      let environment = ReplacedSettingsTests.charts.filter { $0.key != "API_HEALTH_TIMEOUT" }
      var reader = SettingsReader(environment: environment.merging(settings) { $1 }, profile: .standard)
      let configuration = try Configuration.read(&reader)
      return configuration.modules.map { configuration.pingTimeout(of: $0.manifest) } + [
        configuration.healthTimeout
      ]
    }
    #expect(try timeouts([:]) == [.seconds(20), .seconds(2), .seconds(2)])
    #expect(try timeouts(["API_TIMEOUT": "7s"]) == [.seconds(7), .seconds(2), .seconds(2)])
    #expect(try timeouts(["API_HEALTH_TIMEOUT": "3s"]) == Array(repeating: .seconds(3), count: 3))
    #expect(throws: ConfigurationError.self) { try timeouts(["API_HEALTH_TIMEOUT": "0s"]) }
    try await withGateway(settings: ["API_TIMEOUT": "300ms"]) { (gateway) async throws in
      gateway.search.hang()
      let component = try await gateway.get("/non-associations-api/health/prisonerSearchApi")
      #expect(try component.status == 503 && component.json["status"] == "DOWN")
    }
  }

  @Test(
    "22: with the database gone health is 503 with db down, and readiness stays 200",
    arguments: Surface.all
  )
  func databaseDown(surface: Surface) async throws {
    try await withGateway(at: surface, settings: ["API_HEALTH_TIMEOUT": "500ms"]) {
      (gateway, client) async throws in
      try await gateway.database.refuseConnections()
      let (answer, components) = try await client.health()
      #expect(answer.status == 503)
      #expect(components["db"]?["status"] == "DOWN")
      #expect(components["db"]?["details"]?["error"]?.text?.isEmpty == false)
      #expect(try await client.get("/health/readiness").status == 200)
    }
  }

  @Test("23: a queue or its dead-letter queue that is gone is down, each by itself", arguments: Surface.all)
  func queues(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let name = surface.service == .nonAssociations ? "nonassociations-health" : "domainevents-health"
      let alone = gateway.at(Surface(service: surface.service, mounting: .basePath))
      func component() async throws -> JSON {
        guard surface.mounting == .host else { return try await alone.get("/health/\(name)").json }
        return try await client.get("/health/\(name)").json
      }
      let up = try await component()
      #expect(up["status"] == "UP")
      let queue = try #require(up["details"]?["queueName"]?.text)
      let deadLetters = try #require(up["details"]?["dlqName"]?.text)
      #expect(up["details"]?["messagesOnQueue"] == "0")
      #expect(up["details"]?["messagesInFlight"] == "0")
      #expect(up["details"]?["dlqStatus"] == "UP")
      #expect(up["details"]?["messagesOnDlq"] == "0")

      try await gateway.database.run(
        "update gateway_queue set dead_letter_queue = null, max_receive_count = null where name = '\(queue)'"
      )
      // What is found is remembered for two seconds.
      try await eventually("the queue is said to be down") { try await component()["status"] == "DOWN" }
      let withoutPolicy = try await component()
      #expect(withoutPolicy["status"] == "DOWN")
      #expect(withoutPolicy["details"]?["dlqStatus"] == "DOWN")
      let complaint = withoutPolicy["details"]?["error"]?.text
      #expect(complaint?.contains("is missing a RedrivePolicy") == true)

      try await gateway.database.run("delete from gateway_queue where name = '\(deadLetters)'")
      try await eventually("dead letters are not counted any more") {
        try await component()["details"]?["messagesOnDlq"] == nil
      }
      let withoutDeadLetters = try await component()
      #expect(withoutDeadLetters["status"] == "DOWN")
      #expect(withoutDeadLetters["details"]?["dlqStatus"] == "DOWN")
      #expect(withoutDeadLetters["details"]?["messagesOnQueue"] == "0")
      #expect(withoutDeadLetters["details"]?["messagesOnDlq"] == nil)

      try await gateway.database.run("delete from gateway_queue where name = '\(queue)'")
      try await eventually("messages are not counted any more") {
        try await component()["details"]?["messagesOnQueue"] == nil
      }
      let (answer, components) = try await client.health()
      #expect(answer.status == 503)
      #expect(components[name]?["status"] == "DOWN")
      let details = try #require(components[name]?["details"])
      #expect(details["queueName"]?.text == queue)
      #expect(details["messagesOnQueue"] == nil)
      #expect(details["error"]?.text?.isEmpty == false)
    }
  }

  @Test("24: a topic tells its name and its subscriptions", .sharedGateway, arguments: Surface.all)
  func topic(surface: Surface) async throws {
    try await withGateway(at: surface) { (_, client) async throws in
      let name = surface.service == .nonAssociations ? "domainevents-health" : "domaineventsoutbound-health"
      let details = try #require(try await client.health().components[name]?["details"])
      #expect(details.keys == ["topicArn", "subscriptionsConfirmed", "subscriptionsPending"])
      #expect(details["topicArn"]?.text?.hasPrefix("arn:aws:sns:") == true)
      #expect(details["subscriptionsPending"] == "0")
    }
  }

  @Test("25: health asked twice within two seconds asks the components once", arguments: Surface.all)
  func cached(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let start = MonotonicInstant.now()
      for _ in 0..<20 {
        _ = try await client.health()
        if surface.mounting != .union { _ = try await client.get("/health/\(surface.searchComponent)") }
      }
      // On a machine so slow that two seconds have passed there are two rounds, but not twenty.
      let rounds = 1 + Int(MonotonicInstant.now().duration(since: start).components.seconds) / 2
      // The union has a component of each module for it, which wait for different times.
      #expect(gateway.search.requestCount <= rounds * (surface.mounting == .union ? 2 : 1))
    }
  }

  @Test(
    "details can be kept from callers",
    .sharedGateway(settings: ["HEALTH_DETAILS": "never"]),
    arguments: Surface.all
  )
  func withoutDetails(surface: Surface) async throws {
    try await withGateway(at: surface) { (_, client) async throws in
      let (answer, components) = try await client.health()
      #expect(answer.status == 200)
      #expect(components.keys == Self.components(surface))
      #expect(!answer.text.contains("details"))
    }
  }

  @Test(
    "26: info names the service, its build and its product",
    .sharedGateway(settings: build),
    arguments: Surface.all
  )
  func info(surface: Surface) async throws {
    try await withGateway(at: surface) { (_, client) async throws in
      let all = try await client.get("/info").json
      let isUnion = surface.mounting == .union
      if isUnion { #expect(all["build"]?["version"] == "2026-01-15.1234.abc1234") }
      let info = try #require(isUnion ? all["services"]?[surface.service.rawValue] : all)
      let isPatients = surface.service == .restrictedPatients
      #expect(
        info["app"] == (isPatients ? ["name": "Hmpps Restricted Patients Api", "version": 1] : nil)
      )
      let name = isPatients ? "hmpps-restricted-patients-api" : "hmpps-non-associations-api"
      #expect(info["build"]?["name"]?.text == name)
      #expect(info["build"]?["artifact"]?.text == name)
      #expect(info["build"]?["version"] == "2026-01-15.1234.abc1234")
      #expect(info["build"]?["group"] == "uk.gov.justice.digital.hmpps")
      #expect(info["build"]?["time"] == "2026-01-15T09:00:00Z")
      #expect(info["git"]?["branch"] == "main")
      #expect(info["git"]?["commit"]?["id"] == "abc1234")
      #expect(info["productId"] == (isPatients ? "DPS066" : "DPS032"))
    }
  }
}
