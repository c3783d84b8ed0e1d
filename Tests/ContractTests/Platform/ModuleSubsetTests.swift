import Foundation
import ServerTestKit
import Testing

@testable import Gateway

/// One module alone, with exactly the variables of its chart but for where everything is: what the gateway is then.
@Suite("docs/contract/adoption.md §1: one module alone, over a socket")
struct ModuleSubsetTests {
  /// The chart's variables with the addresses of a test's doubles and database.
  static func environment(_ service: HostedService, _ test: [String: String]) -> [String: String] {
    var environment =
      switch service {
      case .nonAssociations: ModuleSelectionTests.nonAssociations
      case .restrictedPatients: ModuleSelectionTests.restrictedPatients
      }
    // The old database is named in parts, and asked for by TLS; a test's is neither.
    for name in environment.keys
    where ["DATABASE_", "SPRING_FLYWAY_", "APPLICATIONINSIGHTS_CONN"].contains(where: name.hasPrefix) {
      environment[name] = nil
    }
    for name in [
      "SERVER_PORT", "SERVER_HOST", "DATABASE_URL", "HMPPS_SQS_PROVIDER", "SERVER_SHUTDOWN_TIMEOUT",
      "SERVER_DRAIN_TIME",
    ] { environment[name] = test[name] }
    switch service {
    case .nonAssociations:
      for name in ["API_BASE_URL_OAUTH", "API_BASE_URL_PRISONER_SEARCH"] { environment[name] = test[name] }
    case .restrictedPatients:
      environment["OAUTH_ENDPOINT_URL"] = test["API_BASE_URL_OAUTH"]
      environment["PRISONER_SEARCH_API_ENDPOINT_URL"] = test["API_BASE_URL_PRISONER_SEARCH"]
      environment["PRISON_API_ENDPOINT_URL"] = test["API_BASE_URL_PRISON_API"]
    }
    return environment
  }

  /// On a database in which nothing is yet.
  private static func with(
    _ service: HostedService,
    settings: [String: String] = [:],
    _ body: (RunningGateway, TestDatabase) async throws -> Void
  ) async throws {
    try await OldDatabase.with(nil, versions: nil) { (empty) async throws in
      try await withGateway(
        on: empty,
        patientsOutbox: nil,
        adjust: { $0 = environment(service, $0).merging(settings) { $1 } }
      ) { (gateway) async throws in
        gateway.prisonAPI.stub("GET /health/ping", 200, #"{"status":"UP"}"#)
        try await body(gateway, empty)
      }
    }
  }

  /// Any host that somebody may call it by.
  private static let hosts = [
    "x", "10.0.0.1", "hmpps-restricted-patients-api.ns.svc.cluster.local", "hmpps-non-associations-api",
  ]

  private static func get(
    _ gateway: RunningGateway,
    _ path: String,
    host: String = "x",
    token: String? = nil
  ) async throws -> Answer {
    try await gateway.send("GET", path, token: token, headers: [("Host", host)])
  }

  @Test("AD-1, AD-3: non-associations alone", arguments: hosts)
  func nonAssociations(host: String) async throws {
    try await Self.with(.nonAssociations) { (gateway, database) async throws in
      let health = try await Self.get(gateway, "/health", host: host)
      #expect(
        try #require(try health.json["components"]).keys == [
          "audit-health", "db", "diskSpace", "domainevents-health", "hmppsAuthApi", "livenessState",
          "nonassociations-health", "ping", "prisonerSearchApi", "readinessState", "ssl",
        ]
      )
      let info = try await Self.get(gateway, "/info", host: host).json
      #expect(info["build"]?["name"] == "hmpps-non-associations-api")
      #expect(info["productId"] == "DPS032" && info["services"] == nil && info["app"] == nil)
      let document = try await Self.get(gateway, "/v3/api-docs", host: host).json
      #expect(document["info"]?["title"] == "Non-Associations API")
      #expect(document["paths"]?["/constants"] != nil && document["paths"]?["/discharge-to-hospital"] == nil)
      let asker = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      gateway.search.answerAnyone(in: "MDI")
      try await database.insertOpen("A1234BC", "D5678EF")
      let told = try await Self.get(gateway, "/subject-access-request?prn=A1234BC", host: host, token: asker)
      #expect(try told.json["content"]?["prisonerNumber"] == "A1234BC", "\(told.text)")
      let template = try await Self.get(
        gateway,
        "/subject-access-request/template",
        host: host,
        token: asker
      )
      #expect(template.status == 404)
      #expect(try await Self.get(gateway, "/restricted-patients", host: host).status == 401)
      #expect(
        try await Self.get(gateway, "/restricted-patients", host: host, token: gateway.reader()).status == 404
      )
      let retried = try await gateway.send(
        "PUT",
        "/queue-admin/retry-all-dlqs",
        headers: [("Host", host)]
      )
      #expect(retried.status == 200)
      #expect(try retried.json.items.count == 2, "\(retried.text)")
      try await Self.onlyItsOwn(gateway, database, "non-associations", not: "restricted_patients")
    }
  }

  @Test("AD-2, AD-3: restricted patients alone", arguments: hosts)
  func restrictedPatients(host: String) async throws {
    try await Self.with(.restrictedPatients) { (gateway, database) async throws in
      let health = try await Self.get(gateway, "/health", host: host)
      #expect(
        try #require(try health.json["components"]).keys == [
          "db", "diskSpace", "domainevents-health", "domaineventsoutbound-health", "livenessState",
          "offenderevents-health", "ping", "prisonApiHealthCheck", "prisonerSearchApiHealthCheck",
          "readinessState", "ssl",
        ]
      )
      let info = try await Self.get(gateway, "/info", host: host).json
      #expect(info["build"]?["name"] == "hmpps-restricted-patients-api")
      #expect(info["productId"] == "DPS066" && info["services"] == nil)
      #expect(info["app"]?["name"] == "Hmpps Restricted Patients Api")
      #expect(try await Self.get(gateway, "/v3/api-docs", host: host).status == 404)
      let asker = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      gateway.prisonAPI.stubLists()
      try await database.insertPatient("A1234BC")
      let told = try await Self.get(gateway, "/subject-access-request?prn=A1234BC", host: host, token: asker)
      #expect(try told.json["content"]?["prisonerNumber"] == "A1234BC", "\(told.text)")
      let template = try await Self.get(
        gateway,
        "/subject-access-request/template",
        host: host,
        token: asker
      )
      #expect(template.status == 200)
      #expect(try await Self.get(gateway, "/constants", host: host).status == 401)
      #expect(try await Self.get(gateway, "/constants", host: host, token: gateway.reader()).status == 404)
      let path = "/queue-admin/retry-all-dlqs"
      #expect(try await gateway.send("PUT", path, headers: [("Host", host)]).status == 401)
      let retried = try await gateway.send(
        "PUT",
        path,
        token: gateway.token(roles: ["SYSCON__QUEUE_ADMIN"]),
        headers: [("Host", host)]
      )
      #expect(try retried.json.items.count == 2, "\(retried.text)")
      try await Self.onlyItsOwn(gateway, database, "restricted-patients", not: "non_association")
    }
  }

  /// Nothing is opened, made or measured for a module that is not hosted.
  private static func onlyItsOwn(
    _ gateway: RunningGateway,
    _ database: TestDatabase,
    _ module: String,
    not table: String
  ) async throws {
    #expect(gateway.application.composition.modules.map(\.name) == [module])
    #expect(try await database.row("select to_regclass('\(table)') is null") == "t")
    let queues = try await database.row("select string_agg(name, ',' order by name) from gateway_queue")
    #expect(queues.contains(module == "non-associations" ? "na" : "oe"), "\(queues)")
    #expect(!queues.split(separator: ",").contains(module == "non-associations" ? "oe" : "na"), "\(queues)")
    let metrics = try await gateway.get("/metrics").text
    let other = module == "non-associations" ? "restricted-patients" : "non-associations"
    #expect(metrics.contains(#""\#(module)""#))
    #expect(!metrics.contains(#""\#(other)""#))
  }

  @Test("the base path of a module that is not hosted is a path like any other")
  func otherBasePath() async throws {
    try await Self.with(.nonAssociations) { (gateway, _) async throws in
      let path = "/restricted-patients-api/health"
      #expect(try await gateway.get(path).status == 401)
      #expect(try await gateway.get(path, token: gateway.reader()).status == 404)
      #expect(try await gateway.get("/non-associations-api/health").status == 200)
    }
  }
}
