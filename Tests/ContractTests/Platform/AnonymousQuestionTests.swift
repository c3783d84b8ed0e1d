import EventLoops
import Foundation
import ServerTestKit
import TestKit
import Testing
import Time

@Suite("Questions without a token cost nobody else")
struct AnonymousQuestionTests {
  private static let parts = [
    (
      base: "/non-associations-api", host: "associations.test",
      components: [
        "db", "hmppsAuthApi", "prisonerSearchApi", "audit-health", "nonassociations-health",
        "domainevents-health",
      ]
    ),
    (
      base: "/restricted-patients-api", host: "patients.test",
      components: [
        "db", "prisonApiHealthCheck", "prisonerSearchApiHealthCheck", "domainevents-health",
        "offenderevents-health", "domaineventsoutbound-health",
      ]
    ),
  ]

  /// Everything that answers without a token and could ask somebody else for it, as target and host.
  private static var questions: [(target: String, host: String)] {
    let open = [
      "/health", "/health/readiness", "/health/nothing", "/info", "/swagger-ui/index.html", "/v3/api-docs",
    ]
    let union = open + ["/health/nonAssociations", "/health/restrictedPatients"]
    return union.map { ($0, "127.0.0.1") }
      + parts.flatMap { part in
        (open + part.components.map { "/health/\($0)" }).flatMap {
          [(part.base + $0, "127.0.0.1"), ($0, part.host)]
        }
      }
  }

  @Test(
    "1,000 questions over all paths of health, info and documents: each component is asked at most every two seconds"
  )
  func thousand() async throws {
    try await EmulatorProxy.run { (proxy, url) async throws in
      try await MessagingWorld.run(.emulator, emulatorURL: url) { (world) async throws in
        let gateway = world.gateway
        gateway.prisonAPI.stub("GET /health/ping", 200, "{}")
        func count(_ action: String) -> Int { proxy.calls.count { $0 == action } }
        try await eventually("the gateway is healthy") { try await gateway.get("/health").status == 200 }
        let before = (
          auth: gateway.auth.pings, search: gateway.search.requestCount,
          prison: gateway.prisonAPI.requests.count,
          topics: count("GetTopicAttributes"), queues: count("GetQueueAttributes"),
          database: try await asked(gateway)
        )
        let start = MonotonicInstant.now()
        let questions = Self.questions
        let answered = try await withThrowingTaskGroup(of: Int.self) { group in
          for client in 0..<10 {
            group.addTask {
              // A connection with 100 questions, the last of which closes it.
              var text = ""
              for index in 0..<100 {
                let question = questions[(client * 100 + index) % questions.count]
                text += "GET \(question.target) HTTP/1.1\r\nHost: \(question.host)\r\n"
                text += index == 99 ? "Connection: close\r\n\r\n" : "\r\n"
              }
              let answers = try await SocketClient.exchange(port: gateway.port, sending: Array(text.utf8))
              return String(decoding: answers, as: UTF8.self).components(separatedBy: "HTTP/1.1 ").count - 1
            }
          }
          return try await group.reduce(0, +)
        }
        #expect(answered == 1000)
        let seconds = Int(MonotonicInstant.now().duration(since: start).components.seconds)
        let rounds = 1 + seconds / 2
        #expect(gateway.auth.pings - before.auth <= rounds)
        // Both services show it, and it is asked once for both.
        #expect(gateway.search.requestCount - before.search <= rounds)
        #expect(gateway.prisonAPI.requests.count - before.prison <= rounds)
        // Each service has a component of its topic, and seven of queues between them.
        #expect(count("GetTopicAttributes") - before.topics <= 2 * rounds)
        // The metrics have them read every ten seconds besides, whoever asks.
        #expect(count("GetQueueAttributes") - before.queues <= 7 * rounds + 7 * (1 + seconds / 10))
        #expect(try await asked(gateway) - before.database <= 2 * rounds)
      }
    }
  }

  /// How often the databases were asked for their health.
  private func asked(_ gateway: RunningGateway) async throws -> Int {
    let metrics = try ScrapedMetrics(try await gateway.get("/metrics").body)
    return metrics.samples.filter {
      $0.name == "db_client_operation_duration_seconds_count" && $0.labels["db_query_summary"] == "health"
    }.compactMap { Double($0.value) }.reduce(0) { $0 + Int($1) }
  }

  @Test("Pings that hang, and all who ask meanwhile, take no connection from a list")
  func ownConnections() async throws {
    try await withGateway(settings: ["API_HEALTH_TIMEOUT": "20s"]) { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      gateway.prisonAPI.hold("GET /health/ping")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<20 {
          group.addTask {
            _ = try? await gateway.get("/restricted-patients-api/health/prisonApiHealthCheck")
          }
        }
        func pings() -> Int { gateway.prisonAPI.calls.count { $0 == "GET /health/ping" } }
        try await eventually("HMPPS Auth is asked once") { pings() == 1 }
        let list = try await gateway.get("/prisoner/A1234BC/non-associations", token: gateway.reader())
        #expect(list.status == 200)
        #expect(pings() == 1)
        gateway.prisonAPI.letGo()
        try await group.waitForAll()
      }
    }
  }
}
