import HTTPTransport
import HTTPTypes
import ModuleKit
import Observability
import ServerTestKit
import TestKit
import Testing

@testable import Gateway

@Suite("docs/contract/adoption.md §8: What Application Insights gets")
struct InsightsTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let caller = "b7ad6b7169203331"
  private static let parent = ("traceparent", "00-\(trace)-\(caller)-01")
  private static let list = "/prisoner/A1234BC/non-associations"

  /// Runs a gateway that sends to a double, and gives what has come once it is shut down.
  private func sent(
    _ settings: [String: String] = [:],
    connection: String = "APPLICATIONINSIGHTS_CONNECTION_STRING",
    _ body: (RunningGateway) async throws -> Void
  ) async throws -> [InsightsItem] {
    let collector = CollectorDouble()
    try await collector.run { (url) async throws in
      let all = [connection: "InstrumentationKey=key;IngestionEndpoint=\(url)/", "BUILD_NUMBER": "42"]
      try await withGateway(settings: all.merging(settings) { $1 }, body)
    }
    return try collector.insights
  }

  @Test("AD-21: a user's request is a RequestData with route, trace, role, instance and user")
  func request() async throws {
    let items = try await sent { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let token = try gateway.token(roles: ["READ_NON_ASSOCIATIONS"], user: "STAFF1")
      let target = Self.list + "?includeOpen=true"
      let forwarded = ("X-Forwarded-For", "203.0.113.7")
      let answer = try await gateway.send("GET", target, token: token, headers: [Self.parent, forwarded])
      #expect(answer.status == 200)
      // Somebody whom the route turns away is known nevertheless.
      let stranger = try gateway.token(roles: [], user: "STAFF2")
      #expect(try await gateway.get("/non-associations/1", token: stranger).status == 403)
    }
    let request = try #require(items.first { $0.type == "RequestData" && $0.traceID == Self.trace })
    #expect(request.name == "GET /prisoner/{prisonerNumber}/non-associations")
    #expect(request.data["responseCode"] == "200")
    #expect(request.data["success"] == true)
    #expect(request.data["url"]?.text?.hasSuffix(Self.list + "?includeOpen=true") == true)
    #expect(request.data["url"]?.text?.hasPrefix("http://127.0.0.1:") == true)
    #expect(request.data["duration"]?.text?.contains(/^00:00:\d\d\.\d{6}$/) == true)
    #expect(request.data["id"]?.text?.count == 16)
    #expect(
      request.data["properties"] == [
        "service.version": "42", "clientId": "test-client", "username": "STAFF1",
      ]
    )
    #expect(request.tag("ai.operation.parentId") == Self.caller)
    #expect(request.tag("ai.operation.name") == request.name)
    #expect(request.tag("ai.cloud.role") == "hmpps-non-associations-api")
    #expect(request.tag("ai.cloud.roleInstance") == HostName.current)
    #expect(request.tag("ai.user.id") == "STAFF1")
    #expect(request.tag("ai.user.authUserId") == "STAFF1")
    #expect(request.tag("ai.location.ip") == "203.0.113.7")

    let refused = try #require(items.first { $0.type == "RequestData" && $0.data["responseCode"] == "403" })
    #expect(refused.data["success"] == false)
    #expect(refused.tag("ai.user.id") == "STAFF2")
    #expect(refused.data["properties"]?["clientId"] == "test-client")

    let dependencies = items.filter { $0.type == "RemoteDependencyData" && $0.traceID == Self.trace }
    let statement = try #require(dependencies.first { $0.data["type"] == "postgresql" })
    #expect(statement.data["target"]?.text?.contains(" | ") == true)
    #expect(statement.data["data"]?.text?.contains("$1") == true)
    #expect(statement.tag("ai.operation.parentId") == request.data["id"]?.text)
    #expect(statement.tag("ai.operation.name") == request.name)
    let token = try #require(dependencies.first { $0.name == "POST /auth/oauth/token" })
    #expect(token.data["type"] == "Http" && token.data["success"] == true)
    #expect(token.data["target"]?.text?.hasPrefix("127.0.0.1") == true)
  }

  @Test("AD-21: requests for both services together are of a role of their own, a ping of the host's")
  func roles() async throws {
    let items = try await sent { (gateway) async throws in
      for target in ["/info", "/restricted-patients-api/info", "/health/ping"] {
        #expect(try await gateway.get(target).status == 200)
      }
      let ping = try await gateway.send("GET", "/health/ping", headers: [("Host", "patients.test")])
      #expect(ping.status == 200)
    }
    let roles = items.filter { $0.type == "RequestData" }.map { item in
      "\(item.name) \(item.tag("ai.cloud.role") ?? "")"
    }
    // Of pings and information only a share is sent.
    for role in roles {
      #expect(
        [
          "GET /info hmpps-gateway", "GET /info hmpps-restricted-patients-api",
          "GET /health/ping hmpps-gateway", "GET /health/ping hmpps-restricted-patients-api",
        ].contains(role)
      )
    }
    #expect(roles.contains("GET /info hmpps-gateway"))
  }

  @Test("AD-22: an upstream's 503 is a failed dependency, an exception and a failed request of one operation")
  func upstreamFails() async throws {
    let items = try await sent { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      gateway.search.answer(status: 503)
      let answer = try await gateway.send("GET", Self.list, token: gateway.reader(), headers: [Self.parent])
      #expect(answer.status == 500)
    }.filter { $0.traceID == Self.trace }
    let call = try #require(items.first { $0.name == "POST /prisoner-search/prisoner-numbers" })
    #expect(call.type == "RemoteDependencyData")
    #expect(call.data["success"] == false)
    #expect(call.data["resultCode"] == "503")
    #expect(call.data["data"]?.text?.contains("/prisoner-search/prisoner-numbers") == true)
    let request = try #require(items.first { $0.type == "RequestData" })
    #expect(request.data["responseCode"] == "500")
    #expect(request.data["success"] == false)
    #expect(call.tag("ai.operation.parentId") == request.data["id"]?.text)
    let exception = try #require(items.first { $0.type == "ExceptionData" })
    let thrown = try #require(exception.data["exceptions"]?[0])
    let type = try #require(thrown["typeName"]?.text)
    #expect(!type.isEmpty)
    let stack = try #require(thrown["stack"]?.text)
    #expect(stack.hasPrefix("\(type): \(thrown["message"]?.text ?? "")\n\tat "))
    #expect(stack.contains(/\(ServiceKit\/\w+\.swift:\d+\)$/))
    #expect(exception.data["properties"]?["ThreadName"]?.text?.isEmpty == false)
    #expect(exception.data["properties"]?["Logger Message"] == "Unexpected exception")
    #expect(exception.data["severityLevel"] == 3)
    #expect(exception.tag("ai.operation.name") == "GET /prisoner/{prisonerNumber}/non-associations")
    #expect(exception.tag("ai.cloud.role") == "hmpps-non-associations-api")
  }

  @Test("AD-22: a refused request is a line at info, with the text of its answer")
  func refused() async throws {
    let items = try await sent { (gateway) async throws in
      #expect(try await gateway.get("/non-associations/7", token: gateway.reader()).status == 404)
    }
    let line = try #require(items.first { $0.name.hasPrefix("Validation exception: ") })
    #expect(line.type == "MessageData")
    #expect(line.data["severityLevel"] == 1)
    #expect(line.name.count > "Validation exception: ".count)
    #expect(line.tag("ai.operation.name") == "GET /non-associations/{id}")
  }

  @Test(
    "AD-24: the events of a change, and what sends its messages, have the id and name of its request's operation"
  )
  func created() async throws {
    let items = try await sent { (gateway) async throws in
      let answer = try await gateway.send(
        "POST",
        "/non-associations",
        token: gateway.writer(),
        headers: [("Content-Type", "application/json"), Self.parent],
        body: CreateTests.body
      )
      #expect(answer.status == 201)
      try await eventually("everything is published") {
        try await gateway.database.row("select count(*) from gateway_outbox where published_at is null")
          == "0"
      }
    }
    for name in ["Created Non-Association", "NON_ASSOCIATION_CREATED"] {
      let event = try #require(items.first { $0.type == "EventData" && $0.name == name })
      #expect(event.traceID == Self.trace)
      #expect(event.tag("ai.operation.name") == "POST /non-associations")
      #expect(event.tag("ai.operation.parentId")?.count == 16)
      #expect(event.tag("ai.cloud.role") == "hmpps-non-associations-api")
    }
    let direct = try #require(items.first { $0.name == "Created Non-Association" })
    let request = try #require(items.first { $0.type == "RequestData" })
    #expect(direct.tag("ai.operation.parentId") == request.data["id"]?.text)
    let sent = try #require(items.first { $0.name == "PUBLISH non-associations.created" })
    #expect(sent.type == "RemoteDependencyData" && sent.traceID == Self.trace)
    #expect(sent.tag("ai.operation.name") == "POST /non-associations")
    #expect(sent.data["type"]?.text?.hasPrefix("Queue Message | ") == true)
    #expect(sent.tag("ai.cloud.role") == "hmpps-non-associations-api")
  }

  @Test(
    "Each kind of change is a line at info, worded as the service replaced did, with where it was written"
  )
  func linesOfChanges() async throws {
    let items = try await sent { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let roles = ["WRITE", "REOPEN", "DELETE"].map { "\($0)_NON_ASSOCIATIONS" }
      let token = try gateway.token(roles: roles, user: "STAFF1")
      let changes = [
        ("PATCH", "", #"{"comment":"else"}"#), ("PUT", "/close", #"{"closedReason":"over"}"#),
        ("PUT", "/reopen", #"{"reopenReason":"again"}"#),
        ("POST", "/delete", #"{"deletionReason":"wrong","staffUserNameRequestingDeletion":"U"}"#),
      ]
      for (method, path, body) in changes {
        let answer = try await gateway.send(
          method,
          "/non-associations/\(id)\(path)",
          token: token,
          headers: [("Content-Type", "application/json")],
          body: body
        )
        #expect((200..<300).contains(answer.status), "\(method) \(path)")
      }
    }
    let lines = items.filter { $0.name.contains(" Non-association [") }
    let words = lines.map { $0.name.replacing(/\[\d+\]$/, with: "[n]") }
    #expect(words == ["Updated", "Closed", "Re-opened", "Deleted"].map { "\($0) Non-association [n]" })
    for line in lines {
      #expect(line.type == "MessageData" && line.data["severityLevel"] == 1)
      #expect(line.tag("ai.operation.name")?.contains(" /non-associations/{id}") == true)
      let properties = try #require(line.data["properties"])
      #expect(properties["SourceType"] == "Logger")
      #expect(properties["LoggerName"]?.text?.isEmpty == false)
      #expect(properties["ThreadName"]?.text?.wholeMatch(of: /event-loop-\d+|pool/) != nil)
    }
  }

  @Test(
    "AD-25: an ingestion that hangs or refuses costs no request; what is lost is counted",
    arguments: [true, false]
  )
  func ingestionFails(hangs: Bool) async throws {
    let collector = CollectorDouble()
    if hangs { collector.hang() }
    let no = ServerResponse(status: .forbidden, body: [])
    collector.answerNext(no, no, no, no, no, no, no, no)
    try await collector.run { (url) async throws in
      let connection = "InstrumentationKey=key;IngestionEndpoint=\(url)/"
      try await withGateway(settings: ["APPLICATIONINSIGHTS_CONNECTION_STRING": connection]) {
        (gateway) async throws in
        for _ in 0..<20 {
          #expect(try await gateway.get("/constants", token: gateway.reader()).status == 200)
        }
        try await eventually("something is received") { !collector.received.isEmpty }
        #expect(try await gateway.get("/constants", token: gateway.reader()).status == 200)
        func count(_ outcome: String) async throws -> Double {
          let metrics = try ScrapedMetrics(try await gateway.get("/metrics").body)
          let labels = ["collector": "application_insights", "outcome": outcome]
          return metrics.value("telemetry_items_total", labels) ?? -1
        }
        if !hangs { try await eventually("some are dropped") { try await count("dropped") > 0 } }
        #expect(try await count("sent") == 0)
      }
    }
  }

  @Test("AD-26: of 1,000 requests for health about one in twenty is sent, and counts for twenty")
  func sampled() async throws {
    let settings = ["APPLICATIONINSIGHTS_CONFIGURATION_FILE": "applicationinsights.json"]
    let connection = "RESTRICTED_PATIENTS_APPLICATIONINSIGHTS_CONNECTION_STRING"
    let items = try await sent(settings, connection: connection) { (gateway) async throws in
      for _ in 0..<1000 {
        let answer = try await gateway.send("GET", "/health", headers: [("Host", "patients.test")])
        // What the components say is kept for a while, of which some may not be there yet.
        #expect([200, 503].contains(answer.status))
      }
    }
    let requests = items.filter { $0.type == "RequestData" }
    #expect((20...90).contains(requests.count))
    #expect(requests.allSatisfy { $0.name == "GET /health" && $0.json["sampleRate"] == 5 })
    #expect(requests.allSatisfy { $0.tag("ai.cloud.role") == "hmpps-restricted-patients-api" })
    // What is done for a request is sent with it or not at all.
    let kept = Set(requests.compactMap(\.traceID))
    #expect(items.filter { $0.type == "RemoteDependencyData" }.allSatisfy { kept.contains($0.traceID ?? "") })
  }

  @Test("AD-26: what is sampled is told by the name of the agent's configuration, or by a setting")
  func samplingSettings() throws {
    func sampling(_ module: String, _ environment: [String: String]) throws -> InsightsSampling {
      var reader = SettingsReader(environment: environment, profile: .standard)
      let manifest = try #require(Modules.all.first { $0.name == module })
      let sampling = ModuleConfiguration.readSampling(manifest.settings.telemetry, &reader)
      #expect(reader.problems.count == (environment.values.contains("sql=x") ? 1 : 0))
      return sampling
    }
    let (file, associations, patients) = (
      "APPLICATIONINSIGHTS_CONFIGURATION_FILE", "non-associations", "restricted-patients"
    )
    let (development, production) = ("applicationinsights.dev.json", "applicationinsights.json")
    #expect(try sampling(associations, [file: development]) == InsightsSampling())
    #expect(try sampling(associations, [file: production]) == InsightsSampling(health: 10))
    let some = InsightsSampling(health: 10, information: 10, statements: 100, signIn: 10)
    #expect(try sampling(patients, [file: development]) == some)
    let few = InsightsSampling(health: 5, information: 5, statements: 5, signIn: 5)
    #expect(try sampling(patients, [file: production]) == few)
    #expect(try sampling(patients, [:]) == few)
    let own = ["RESTRICTED_PATIENTS_TELEMETRY_SAMPLING": " sql = 2.5", file: development]
    #expect(try sampling(patients, own) == InsightsSampling(statements: 2.5))
    _ = try sampling(patients, ["RESTRICTED_PATIENTS_TELEMETRY_SAMPLING": "sql=x"])
  }
}

/// An envelope of Application Insights.
struct InsightsItem: Sendable {
  let json: JSON
  var type: String { json["data"]?["baseType"]?.text ?? "" }
  var data: JSON { json["data"]?["baseData"] ?? .null }
  /// Of a line its text.
  var name: String { data["name"]?.text ?? data["message"]?.text ?? "" }
  var traceID: String? { tag("ai.operation.id") }
  func tag(_ name: String) -> String? { json["tags"]?[name]?.text }
}

extension CollectorDouble {
  var insights: [InsightsItem] { get throws { try items.map { InsightsItem(json: $0) } } }
}
