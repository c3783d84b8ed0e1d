import Events
import HTTPTypes
import JSON
import PlatformTestKit
import Postgres
import ServiceKit
import TestKit
import Testing
import Time

@testable import NonAssociationsModule

@Suite("Changes and what they publish (docs/contract/non-associations.md §7, §10)")
struct ChangeTests {
  private static let deletion = #"{"deletionReason":"wrong","staffUserNameRequestingDeletion":"ASMITH"}"#

  /// Sends a change, and gives the answer with the messages and telemetry that it added.
  private static func send(
    _ module: ModuleFixture,
    _ method: HTTPRequest.Method,
    _ target: String,
    as caller: Caller,
    _ body: String
  ) async throws -> (answer: Answer, event: String, audit: [String: JSONValue], telemetry: [TelemetryEvent]) {
    let counts = (module.events.events.count, module.events.audits.count, module.telemetry.events.count)
    let answer = try await module.send(method, target, as: caller, body: body)
    let events = Array(module.events.events.dropFirst(counts.0))
    let audits = Array(module.events.audits.dropFirst(counts.1))
    #expect(events.count == 1)
    #expect(audits.count == 1)
    let message = String(decoding: try #require(events.first).message, as: UTF8.self)
    guard case .object(let audit) = try JSONValue(parsing: try #require(audits.first).message) else {
      return (answer, message, [:], [])
    }
    return (answer, message, audit, Array(module.telemetry.events.dropFirst(counts.2)))
  }

  private static func event(_ type: String, _ verb: String, _ id: Int64) -> String {
    #"{"eventType":"non-associations.\#(type)","additionalInformation":{"id":\#(id),"nsPrisonerNumber1":"A1234BC","#
      + #""nsPrisonerNumber2":"D5678EF","source":"DPS"},"version":"1.0","occurredAt":"2023-12-05T12:34:56.123456Z","#
      + #""description":"A non-association has been \#(verb):  \#(id)"}"#
  }

  @Test(
    "Each change leaves one event, one audit message, and a creation its telemetry (14, 27, 28, 41, 52, 61)"
  )
  func messages() async throws {
    try await ModuleFixture.run { module in
      let created = try await Self.send(
        module,
        .post,
        "/non-associations",
        as: .writer,
        ModuleFixture.createBody()
      )
      #expect(created.answer.status == 201)
      let id = try created.answer.id
      let path = "/non-associations/\(id)"
      #expect(created.event == Self.event("created", "created", id))
      #expect(created.audit["what"] == .string("NON_ASSOCIATION_CREATED"))
      #expect(created.audit["who"] == .string("U"))
      #expect(created.audit["when"] == .string("2023-12-05T12:34:56.123456Z"))
      #expect(created.audit["details"] == .string(created.answer.body))
      #expect(
        created.telemetry == [
          TelemetryEvent(
            "Created Non-Association",
            ["id": "\(id)", "1stPrisoner": "A1234BC", "2ndPrisoner": "D5678EF"]
          )
        ]
      )
      let steps: [(HTTPRequest.Method, String, Caller, String, String, String, String)] = [
        (.patch, path, .writer, "{}", "amended", "amended", "UPDATED"),
        (.put, path + "/close", .writer, #"{"closedReason":"fine"}"#, "closed", "closed", "CLOSED"),
        (
          .put, path + "/reopen", .reopener, #"{"reopenReason":"bad"}"#, "amended", "re-opened", "REOPENED"
        ),
      ]
      for (method, target, caller, body, type, verb, what) in steps {
        let step = try await Self.send(module, method, target, as: caller, body)
        #expect(step.answer.status == 200)
        #expect(step.event == Self.event(type, verb, id))
        #expect(step.audit["what"] == .string("NON_ASSOCIATION_\(what)"))
        #expect(step.audit["details"] == .string(step.answer.body))
        #expect(step.telemetry == [])
      }
      let deleted = try await Self.send(
        module,
        .post,
        path + "/delete",
        as: .deleterWithoutUser,
        Self.deletion
      )
      #expect(deleted.answer.status == 204)
      #expect(deleted.event == Self.event("deleted", "deleted", id))
      #expect(deleted.audit["details"] == .string(Self.deletion))
      #expect(deleted.audit["who"] == .string("hmpps-non-associations-api"))
    }
  }

  @Test("Times given in the body are the row's, not the messages' (43, 48, 55)")
  func givenTimes() async throws {
    try await ModuleFixture.run { module in
      let id = try await module.store(Fixture.open(0, "A1234BC", "D5678EF"))
      let body = #"{"closedReason":"fine","closedAt":"2023-06-07T10:30","closedBy":"ASMITH"}"#
      let closed = try await Self.send(
        module,
        .put,
        "/non-associations/\(id)/close",
        as: .writerWithoutUser,
        body
      )
      #expect(closed.event == Self.event("closed", "closed", id))
      #expect(closed.audit["who"] == .string("hmpps-non-associations-api"))
      #expect(closed.audit["when"] == .string("2023-12-05T12:34:56.123456Z"))
    }
  }

  @Test("In summer events are an hour ahead, audit messages in UTC (149)")
  func summer() async throws {
    try await ModuleFixture.run { module in
      module.clock.set(Timestamp(seconds: 1_689_424_496))
      let created = try await Self.send(
        module,
        .post,
        "/non-associations",
        as: .writer,
        ModuleFixture.createBody()
      )
      #expect(created.event.contains(#""occurredAt":"2023-07-15T13:34:56+01:00""#))
      #expect(created.audit["when"] == .string("2023-07-15T12:34:56Z"))
      #expect(try created.answer.json["whenCreated"] == .string("2023-07-15T13:34:56"))
    }
  }

  @Test("Messages, row and history are committed together or not at all (150)")
  func atomic() async throws {
    try await ModuleFixture.run { module in
      let id = try await module.store(Fixture.open(0, "A1234BC", "D5678EF"))
      let path = "/non-associations/\(id)"
      for (method, target, caller, body) in [
        (HTTPRequest.Method.patch, path, Caller.writer, #"{"comment":"new"}"#),
        (.put, path + "/close", .writer, #"{"closedReason":"fine"}"#),
        (.post, path + "/delete", .deleter, Self.deletion),
      ] {
        module.events.failNext()
        let answer = try await module.send(method, target, as: caller, body: body)
        #expect(answer.status == 500)
        #expect(try await module.count("not is_closed and comment = 'kept apart'") == 1)
        #expect(try await module.count("exists (select from non_association_history)") == 0)
      }
      #expect(module.telemetry.events.isEmpty)
    }
  }

  @Test("A refused change publishes nothing (42)")
  func refused() async throws {
    try await ModuleFixture.run { module in
      let id = try await module.store(Fixture.closed(0, "A1234BC", "D5678EF"))
      let answer = try await module.send(
        .put,
        "/non-associations/\(id)/close",
        as: .writer,
        body: #"{"closedReason":"again"}"#
      )
      #expect(answer.status == 409)
      #expect(module.events.events.isEmpty)
      #expect(module.events.audits.isEmpty)
      #expect(module.telemetry.events.isEmpty)
    }
  }
}
