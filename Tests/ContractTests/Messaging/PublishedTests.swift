import ServerTestKit
import ServiceKit
import Testing

@Suite("What is published and audited, as a subscriber and boto3 or psql see it")
struct PublishedTests {
  private static let create = #"""
    {"firstPrisonerNumber":"A1234BC","firstPrisonerRole":"VICTIM","secondPrisonerNumber":"D5678EF",\#
    "secondPrisonerRole":"PERPETRATOR","reason":"BULLYING","restrictionType":"CELL",\#
    "comment":"Threats made on the wing"}
    """#

  /// A published event of the samples at another time.
  private static func event(_ name: String, at time: String) throws -> String {
    let sample = try Sample.compact("published/\(name).json")
    return sample.replacing(/"occurredAt":"[^"]*"/, with: #""occurredAt":"\#(time)""#)
      .replacing(/"publishedAt":"[^"]*"/, with: #""publishedAt":"\#(time)""#)
  }

  @Test(
    "14, 39, 41, 61: each write of non-associations is published and audited as the samples, byte for byte",
    arguments: Provider.allCases
  )
  func nonAssociations(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      try await world.database.run(
        "select setval(pg_get_serial_sequence('non_association', 'id'), 42, false)"
      )
      let one = "/non-associations/42"
      let writer = ["WRITE_NON_ASSOCIATIONS"]
      let writes: [(String, String, String, String, String, String, String, String)] = [
        (
          "2026-01-15T10:20:30.123456Z", "POST", "/non-associations", Self.create,
          try world.token(writer, user: "STAFF_USER1"), "created", "2026-01-15T10:20:30.123456Z", "CREATED"
        ),
        (
          "2026-01-20T09:00:00Z", "PUT", one + "/close", #"{"closedReason":"Both now located apart"}"#,
          try world.token(writer, user: "STAFF_USER2"), "closed", "2026-01-20T09:00:00Z", "CLOSED"
        ),
        (
          "2026-06-15T10:20:30Z", "PUT", one + "/reopen", #"{"reopenReason":"Threats made on the wing"}"#,
          try world.token(["REOPEN_NON_ASSOCIATIONS"], user: "SUPPORT_USER"), "amended.reopened",
          "2026-06-15T11:20:30+01:00", "REOPENED"
        ),
        (
          "2026-01-16T08:15:00.500000Z", "PATCH", one,
          #"{"comment":"Threats made on the wing, repeated"}"#,
          try world.token(writer, user: "STAFF_USER2"), "amended", "2026-01-16T08:15:00.5Z", "UPDATED"
        ),
        (
          "2026-02-01T12:00:00.000001Z", "POST", one + "/delete",
          #"{"deletionReason":"Entered against the wrong person","staffUserNameRequestingDeletion":"STAFF_USER3"}"#,
          try world.token(["DELETE_NON_ASSOCIATIONS"], client: "support-client"), "deleted",
          "2026-02-01T12:00:00.000001Z", "DELETED"
        ),
      ]
      for (now, method, target, body, token, event, occurredAt, audit) in writes {
        try world.clock.set(now)
        let answer = try await world.write(method, target, body, token)
        #expect([200, 201, 204].contains(answer.status))
        let (message, envelope) = try await world.nextEvent()
        #expect(message == (try Self.event("non-associations.\(event)", at: occurredAt)))
        let type = "non-associations." + event.prefix { $0 != "." }
        let trace = try #require(envelope["MessageAttributes"]?["traceparent"]?["Value"]?.text)
        #expect(
          envelope["MessageAttributes"] == [
            "eventType": ["Type": "String", "Value": .text(type)],
            "traceparent": ["Type": "String", "Value": .text(trace)],
          ]
        )
        #expect(envelope["Type"] == "Notification")
        #expect(envelope["TopicArn"]?.text == world.names.topicARN)
        let audited = try await world.take(1, from: world.names.audit)[0]
        #expect(audited.body == (try Sample.compact("audit/NON_ASSOCIATION_\(audit).json")))
        #expect(audited.attributes == ["traceparent": trace])
      }
    }
  }

  @Test("39: the envelope in a queue of PostgreSQL has SNS's members, in the order of the sample")
  func envelope() async throws {
    try await MessagingWorld.run(.inProcess) { (world) async throws in
      let token = try world.token(["WRITE_NON_ASSOCIATIONS"], user: "U")
      #expect(try await world.write("POST", "/non-associations", Self.create, token).status == 201)
      let body = try await world.take(1, from: world.names.subscriber)[0].body
      func members(_ text: String) -> [String] {
        text.matches(of: /[,{]"([A-Z][A-Za-z]*)":/).map { String($0.1) }
      }
      let sample = try Sample.compact("published/sqs-body-at-subscriber.non-associations.created.json")
      #expect(members(body) == members(sample))
      let id = try JSON(parsing: Array(body.utf8))["MessageId"]?.text ?? ""
      #expect(id.contains(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/))
    }
  }

  @Test(
    "149: in summer the event's time is London's, the audit message's is UTC",
    arguments: Provider.allCases
  )
  func summer(provider: Provider) async throws {
    try await MessagingWorld.run(provider, at: "2023-07-15T12:34:56Z") { (world) async throws in
      let token = try world.token(["WRITE_NON_ASSOCIATIONS"], user: "U")
      let answer = try await world.write("POST", "/non-associations", Self.create, token)
      #expect(try answer.json["whenCreated"] == "2023-07-15T13:34:56")
      let event = try JSON(parsing: Array(try await world.nextEvent().message.utf8))
      #expect(event["occurredAt"] == "2023-07-15T13:34:56+01:00")
      let audit = try JSON(parsing: Array(try await world.take(1, from: world.names.audit)[0].body.utf8))
      #expect(audit["when"] == "2023-07-15T12:34:56Z")
      // `details` is the answer's body, to the byte.
      #expect(audit["details"]?.text == answer.text)
    }
  }

  @Test(
    "RP 1, 45, 54, 87: each change of a patient is published as the samples, byte for byte, and not audited",
    arguments: Provider.allCases
  )
  func patients(provider: Provider) async throws {
    try await MessagingWorld.run(provider, at: "2026-06-15T10:20:30.703446Z") { (world) async throws in
      let (gateway, user) = (world.gateway, try world.token([], user: "ITAG_USER"))
      gateway.prisonAPI.stubLists()
      gateway.prisonAPI.stubBooking("D4444DD")
      gateway.prisonAPI.stubDischarge("D4444DD")
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      gateway.prisonAPI.stub(
        ScriptedUpstream.agency("LEI"),
        200,
        ScriptedUpstream.agencyJSON("LEI", "Leeds (HMP)", "INST")
      )
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("D4444DD"))]")])
      let writes = [
        ("2026-06-15T10:20:30.703446Z", "POST", "/discharge-to-hospital", Patients.dischargeBody("D4444DD")),
        (
          "2026-01-15T10:20:30.036900Z", "POST", "/change-supporting-prison",
          #"{"offenderNo":"D4444DD","supportingPrisonId":"LEI"}"#
        ), ("2026-01-15T10:20:30.254271Z", "DELETE", "/restricted-patient/prison-number/D4444DD", ""),
      ]
      let events = [
        ("added", "2026-06-15T11:20:30.703446+01:00"),
        ("supporting-prison-changed", "2026-01-15T10:20:30.0369Z"),
        ("removed", "2026-01-15T10:20:30.254271Z"),
      ]
      for ((now, method, target, body), (event, occurredAt)) in zip(writes, events) {
        try world.clock.set(now)
        let answer = try await world.write(method, target, body, user)
        #expect([200, 201].contains(answer.status))
        let (message, envelope) = try await world.nextEvent()
        #expect(message == (try Self.event("restricted-patients.patient.\(event)", at: occurredAt)))
        let trace = try #require(envelope["MessageAttributes"]?["traceparent"]?["Value"]?.text)
        #expect(
          envelope["MessageAttributes"] == [
            "eventType": ["Type": "String", "Value": .text("restricted-patients.patient.\(event)")],
            "traceparent": ["Type": "String", "Value": .text(trace)],
          ]
        )
      }
      #expect(try await world.client.counts(of: world.names.audit) == (0, 0))
    }
  }

  @Test("a write that is refused, or rolled back, tells nobody", arguments: Provider.allCases)
  func refused(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let token = try world.token(["WRITE_NON_ASSOCIATIONS"], user: "U")
      #expect(try await world.write("POST", "/non-associations", Self.create, token).status == 201)
      #expect(try await world.write("POST", "/non-associations", Self.create, token).status == 409)
      try await world.database.run("alter table non_association_history rename to hidden")
      let other = Self.create.replacing("D5678EF", with: "G9012HI")
      #expect(try await world.write("POST", "/non-associations", other, token).status == 500)
      try await world.database.run("alter table hidden rename to non_association_history")
      #expect(try await world.write("POST", "/non-associations", other, token).status == 201)
      let events = try await world.take(2, from: world.names.subscriber)
      #expect(events[0].body.contains("D5678EF") && events[1].body.contains("G9012HI"))
      #expect(try await world.take(2, from: world.names.audit).count == 2)
      #expect(try await world.database.count("gateway_outbox") == 4)
    }
  }
}
