import EventLoops
import Logging
import ModuleKit
import TestKit
import Testing

@testable import Gateway

@Suite("Messages that were set aside, in the hands of operators")
struct SetAsideTests {
  private static let admin = "NON_ASSOCIATIONS_API_QUEUE_ADMIN"
  private static let otherAdmin = "SYSCON__QUEUE_ADMIN"
  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// As if the broker had refused one event of each service.
  private static func setAside(in database: TestDatabase) async throws {
    for (module, type) in [
      ("non-associations", "non-associations.created"),
      ("restricted-patients", "restricted-patients.patient.added"),
    ] {
      try await database.run(
        """
        insert into gateway_outbox
          (module, kind, subject, event_type, message, attempts, last_error, created_at, set_aside_at)
        values ('\(module)', 'event', 'A1234BC', '\(type)', '{"prisonerNumber":"A1234BC"}', 1, 'too large',
          '2026-01-15T10:20:30.5Z', '2026-01-15T10:20:31Z')
        """
      )
    }
  }

  @Test(
    "What SNS calls invalid is listed with its reason and without its content, and sent when it is tried again"
  )
  func wholeWay() async throws {
    try await EmulatorProxy.run { (proxy, url) async throws in
      try await MessagingWorld.run(.emulator, emulatorURL: url) { (world) async throws in
        proxy.fail("Publish", times: 1, with: EmulatorProxy.snsError("InvalidParameter", "Message too long"))
        let id = try await world.database.insertOpen("A1234BC", "D5678EF")
        let writer = try world.token(["WRITE_NON_ASSOCIATIONS"], user: "U")
        let body = #"{"closedReason":"settled"}"#
        #expect(try await world.write("PUT", "/non-associations/\(id)/close", body, writer).status == 200)
        let token = try world.token([Self.admin])
        var list: Answer?
        try await eventually("one event is set aside") {
          list = try await world.gateway.get("/queue-admin/outbox", token: token)
          return try list?.json["messagesFoundCount"] == 1
        }
        let answer = try #require(list)
        let entry = try #require(try answer.json["messages"]?.items.first)
        #expect(entry["module"] == "non-associations" && entry["kind"] == "event" && entry["attempts"] == 1)
        #expect(entry["eventType"] == "non-associations.closed")
        #expect(entry["reason"]?.text?.contains("InvalidParameter, status 400: Message too long") == true)
        #expect(!answer.text.contains("A1234BC"))
        let retried = try await world.gateway.send("PUT", "/queue-admin/outbox/retry", token: token)
        #expect(retried.status == 200 && retried.text == #"{"messagesFoundCount":1}"#)
        #expect(try await world.nextEvent().message.contains("non-associations.closed"))
        let after = try await world.gateway.get("/queue-admin/outbox", token: token)
        #expect(after.text == #"{"messagesFoundCount":0,"messagesReturnedCount":0,"messages":[]}"#)
      }
    }
  }

  @Test("Each service's operators see and retry its own, at its host, its base path and the union")
  func roles() async throws {
    let settings = [
      "NON_ASSOCIATIONS_HOSTS": "associations.test", "RESTRICTED_PATIENTS_HOSTS": "patients.test",
    ]
    try await withGateway(settings: settings) { (gateway) async throws in
      try await Self.setAside(in: gateway.database)
      func call(_ method: String, _ path: String, _ host: String, _ roles: [String]?) async throws -> Answer {
        let token = try roles.map { try gateway.token(roles: $0) }
        return try await gateway.send(method, path, token: token, headers: [("Host", host)])
      }
      func modules(_ path: String, _ host: String, _ roles: [String]) async throws -> [String] {
        let answer = try await call("GET", path + "/queue-admin/outbox", host, roles)
        #expect(answer.status == 200)
        let messages = try answer.json["messages"]?.items ?? []
        #expect(try answer.json["messagesFoundCount"]?.number == messages.count)
        return messages.compactMap { $0["module"]?.text }
      }
      let (first, second) = ("non-associations", "restricted-patients")
      for (path, host) in [("", "associations.test"), ("/non-associations-api", "x")] {
        #expect(try await modules(path, host, [Self.admin, Self.otherAdmin]) == [first])
        for (method, target) in [("GET", "/queue-admin/outbox"), ("PUT", "/queue-admin/outbox/retry")] {
          #expect(try await call(method, path + target, host, [Self.otherAdmin]).status == 403)
        }
      }
      for (path, host) in [("", "patients.test"), ("/restricted-patients-api", "x")] {
        #expect(try await modules(path, host, [Self.admin, Self.otherAdmin]) == [second])
        for (method, target) in [("GET", "/queue-admin/outbox"), ("PUT", "/queue-admin/outbox/retry")] {
          #expect(try await call(method, path + target, host, [Self.admin]).status == 403)
        }
      }
      #expect(try await modules("", "x", [Self.admin]) == [first])
      #expect(try await modules("", "x", [Self.otherAdmin]) == [second])
      #expect(try await modules("", "x", [Self.admin, Self.otherAdmin]) == [first, second])
      for (method, target) in [("GET", "/queue-admin/outbox"), ("PUT", "/queue-admin/outbox/retry")] {
        #expect(try await call(method, target, "x", nil).status == 401)
        #expect(try await call(method, target, "x", ["READ_NON_ASSOCIATIONS"]).status == 403)
      }
      let one = try await call(
        "GET",
        "/queue-admin/outbox?maxMessages=1",
        "x",
        [Self.admin, Self.otherAdmin]
      )
      #expect(try one.json["messagesFoundCount"] == 2 && one.json["messagesReturnedCount"] == 1)
      #expect(try await call("GET", "/queue-admin/outbox?maxMessages=x", "x", [Self.admin]).status == 400)
      let retried = try await call(
        "PUT",
        "/restricted-patients-api/queue-admin/outbox/retry",
        "x",
        [Self.otherAdmin]
      )
      #expect(retried.text == #"{"messagesFoundCount":1}"#)
      #expect(try await modules("", "x", [Self.admin, Self.otherAdmin]) == [first])
    }
  }

  @Test("gateway outbox lists and retries with the databases alone")
  func command() async throws {
    try await withGateway { (gateway) async throws in
      func run(_ action: OutboxCommand.Action, _ settings: [String: String]) async throws -> ([String], Int32)
      {
        var reader = SettingsReader(environment: settings, profile: .standard)
        return await OutboxCommand.perform(
          action,
          settings: &reader,
          group: try World.group.get(),
          logger: Self.logger
        )
      }
      let settings = gateway.environment.filter { $0.key.contains("DATABASE") }
        .merging(["GATEWAY_MODULES": "non-associations,restricted-patients"]) { $1 }
      let none = ["non-associations: nothing is set aside", "restricted-patients: nothing is set aside"]
      #expect(try await run(.list(limit: 100), settings) == (none, 0))
      #expect(try await run(.retry, settings) == (none, 0))
      try await Self.setAside(in: gateway.database)
      let (lines, status) = try await run(.list(limit: 100), settings)
      #expect(status == 0)
      #expect(lines.first == "non-associations: 1 message set aside")
      #expect(
        lines.dropFirst().first?.hasSuffix(
          "event  non-associations.created  recorded 2026-01-15T10:20:30.500Z  set aside 2026-01-15T10:20:31Z after 1 "
            + "failed try: too large"
        ) == true,
        "\(lines)"
      )
      #expect(!lines.joined().contains("A1234BC"))
      #expect(
        try await run(.list(limit: 0), settings).0 == [
          "non-associations: 1 message set aside, 0 shown",
          "restricted-patients: 1 message set aside, 0 shown",
        ]
      )
      #expect(
        try await run(.retry, settings) == (
          ["non-associations: 1 message tried again", "restricted-patients: 1 message tried again"], 0
        )
      )
      #expect(try await run(.list(limit: 100), settings) == (none, 0))
      let (problems, refused) = try await run(.retry, [:])
      #expect(refused == 2)
      #expect(problems.contains { $0.contains("NON_ASSOCIATIONS_DATABASE_URL") })
      let away = "postgresql://127.0.0.1:1/none"
      let (told, failed) = try await run(
        .retry,
        ["NON_ASSOCIATIONS_DATABASE_URL": away, "RESTRICTED_PATIENTS_DATABASE_URL": away + "_of_these"]
      )
      #expect(failed == 1 && told.count == 2)
    }
  }
}
