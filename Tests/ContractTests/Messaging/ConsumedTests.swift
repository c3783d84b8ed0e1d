import ServerTestKit
import ServiceKit
import TestKit
import Testing

@Suite("What is consumed: every sample has its effect, over a broker")
struct ConsumedTests {
  /// An envelope with the members that both services read.
  static func envelope(_ message: String, type: String) -> String {
    let escaped = message.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return
      #"{"Message":"\#(escaped)","MessageAttributes":{"eventType":{"Type":"String","Value":"\#(type)"}}}"#
  }

  static func merged(_ old: String, _ new: String) -> String {
    envelope(
      #"{"eventType":"prison-offender-events.prisoner.merged","version":1,"occurredAt":"2026-01-15T10:20:30Z","#
        + #""description":"merged","additionalInformation":{"nomsNumber":"\#(new)","removedNomsNumber":"\#(old)"}}"#,
      type: "prison-offender-events.prisoner.merged"
    )
  }

  private static func pairs(_ world: MessagingWorld) async throws -> String {
    try await world.database.row(
      """
      select string_agg(first_prisoner_number || '-' || second_prisoner_number, ' ' order by id) from non_association
      """
    )
  }

  @Test("137 to 140: merges and booking moves change the rows they are about", arguments: Provider.allCases)
  func nonAssociations(provider: Provider) async throws {
    try await MessagingWorld.run(provider, at: "2026-06-20T12:00:00Z") { (world) async throws in
      let during = "2026-06-10T12:00:00Z"
      let before = "2026-05-01T12:00:00Z"
      let cases: [(sample: String, created: String, after: String)] = [
        ("prisoner.merged.json", before, "B2222BB"),
        ("prisoner.merged.no-inner-event-type.json", before, "B2222BB"),
        ("prisoner.booking.moved.json", before, "A1111AA"),
        ("prisoner.booking.moved.json", during, "B2222BB"),
        ("prisoner.booking.moved.no-start.json", before, "B2222BB"),
      ]
      for (sample, created, after) in cases {
        try await world.database.run("truncate non_association, non_association_history")
        try await world.database.insertOpen("A1111AA", "C3333CC", created: created, updated: created)
        try await world.client.send(
          Sample.compact("consumed/\(sample)"),
          [:],
          to: world.names.nonAssociations
        )
        try await world.isDrained(world.names.nonAssociations)
        #expect(try await Self.pairs(world) == "\(after)-C3333CC", "\(sample)")
      }
      // Nobody is told unless it is asked for.
      #expect(try await world.database.count("gateway_outbox") == 0)
    }
  }

  @Test("asked for, each row that a merge changes is published and audited", arguments: Provider.allCases)
  func mergeEvents(provider: Provider) async throws {
    let settings = ["NON_ASSOCIATIONS_MERGE_EVENTS": "true"]
    try await MessagingWorld.run(provider, at: "2026-06-20T12:00:00Z", settings: settings) {
      (world) async throws in
      try await world.database.insertOpen("A1111AA", "C3333CC", created: "2026-06-10T12:00:00Z")
      try await world.client.send(
        Sample.compact("consumed/prisoner.merged.json"),
        [:],
        to: world.names.nonAssociations
      )
      let (message, _) = try await world.nextEvent()
      #expect(message.contains(#""eventType":"non-associations.amended""#) && message.contains("B2222BB"))
      #expect(
        try await world.take(1, from: world.names.audit)[0].body.contains("NON_ASSOCIATION_UPDATED")
      )
    }
  }

  @Test(
    "94, 95, 93: a release to hospital adds the patient and is published, another is ignored",
    arguments: Provider.allCases
  )
  func released(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      world.gateway.prisonAPI.stubMovements(ScriptedUpstream.movement())
      world.gateway.prisonAPI.stub(
        ScriptedUpstream.agency("HAZLWD"),
        200,
        ScriptedUpstream.agencyJSON("HAZLWD", "Hazelwood House", "HSHOSP")
      )
      let queue = world.names.patients
      try await world.client.send(
        Sample.compact("consumed/search.prisoner.released.other.json"),
        [:],
        to: queue
      )
      try await world.isDrained(queue)
      #expect(world.gateway.prisonAPI.calls.isEmpty)
      for sample in ["to-hospital", "message-only"] {
        try await world.client.send(
          Sample.compact("consumed/search.prisoner.released.\(sample).json"),
          [:],
          to: queue
        )
        try await world.isDrained(queue)
        let (message, _) = try await world.nextEvent()
        #expect(message.contains(#""eventType":"restricted-patients.patient.added""#))
        #expect(
          try await world.database.patient("D4444DD")
            == "MDI|HAZLWD|MDI|2022-05-20T14:36:13|Psychiatric discharge|-|t"
        )
        try await world.database.run("truncate restricted_patients cascade")
      }
    }
  }

  @Test(
    "37: a release without attributes and with line breaks inside its message is handled",
    arguments: Provider.allCases
  )
  func lenient(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let body =
        "{\"Message\":\"{\n\\\"eventType\\\":\n\\\"prisoner-offender-search.prisoner.released\\\","
        + "\\\"additionalInformation\\\":{\\\"nomsNumber\\\":\\\"A12345\\\",\n\\\"reason\\\":\\\"TRANSFERRED\\\"}}\"}"
      try await world.client.send(body, [:], to: world.names.patients)
      try await world.isDrained(world.names.patients)
      #expect(try await world.client.counts(of: world.names.deadLetters(of: world.names.patients)) == (0, 0))
    }
  }

  @Test(
    "104, 106: receptions by either queue remove the patient and are published",
    arguments: Provider.allCases
  )
  func received(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let cases = [
        ("OFFENDER_MOVEMENT-RECEPTION.json", "D4444DD", world.names.movements),
        ("OFFENDER_MOVEMENT-RECEPTION.minimal.json", "D4444DD", world.names.movements),
        ("prisoner.received.json", "C3333CC", world.names.patients),
      ]
      for (sample, number, queue) in cases {
        try await world.database.insertPatient(number)
        try await world.client.send(Sample.compact("consumed/\(sample)"), [:], to: queue)
        let (message, _) = try await world.nextEvent()
        #expect(message.contains("restricted-patients.patient.removed") && message.contains(number))
        #expect(try await world.database.count("restricted_patients") == 0)
        try await world.isDrained(queue)
      }
    }
  }

  @Test(
    "35, 36: what is of an unknown type is acknowledged, what cannot be read goes to the dead letters",
    arguments: Provider.allCases
  )
  func unreadable(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let names = world.names
      let queues = [names.nonAssociations, names.patients, names.movements]
      for queue in queues {
        try await world.client.send(Sample.compact("consumed/unknown-event-type.json"), [:], to: queue)
        try await world.isDrained(queue)
        #expect(try await world.client.counts(of: names.deadLetters(of: queue)) == (0, 0))
        let bodies = [
          try Sample.compact("consumed/raw-without-envelope.json"),
          try Sample.text("consumed/malformed-with-attributes.txt"), "{", #"{"Type":"Notification"}"#,
        ]
        for body in bodies { try await world.client.send(body, [:], to: queue) }
        // A body that speaks of attributes and is no JSON stays hidden for the queue's own time:
        // docs/contract/platform.md §5.4.
        try await eventually("all but one are dead letters") {
          try await world.client.counts(of: names.deadLetters(of: queue)).visible == bodies.count - 1
        }
        #expect(try await world.client.counts(of: queue) == (0, 1))
      }
      // Only the envelope's attribute tells non-associations the type; a start with an offset is no local
      // time (docs/contract/non-associations.md §4.2).
      let ofNonAssociations = [
        #"{"Message":"{\"eventType\":\"prison-offender-events.prisoner.merged\"}"}"#,
        try Sample.compact("consumed/prisoner.booking.moved.offset-start.json"),
      ]
      for body in ofNonAssociations { try await world.client.send(body, [:], to: names.nonAssociations) }
      try await eventually("five are dead letters") {
        try await world.client.counts(of: names.deadLetters(of: names.nonAssociations)).visible == 5
      }
    }
  }

  @Test("a merge that is published reaches both services, each by its own queue and its own filter")
  func bothServices() async throws {
    try await MessagingWorld.run(.emulator) { (world) async throws in
      let boto = BotoClient()
      try await world.database.insertOpen("A1111AA", "C3333CC")
      try await world.database.insertPatient("A1111AA")
      let sample = try JSON(parsing: Array(Sample.compact("consumed/prisoner.merged.json").utf8))
      try boto.publish(
        try #require(sample["Message"]?.text),
        type: "prison-offender-events.prisoner.merged",
        on: world.names.topicARN
      )
      try boto.publish("{}", type: "something.else", on: world.names.topicARN)
      try await eventually("the numbers are merged") { try await Self.pairs(world) == "B2222BB-C3333CC" }
      // A merge that touches a patient waits for a person (RP 90).
      try await world.deadLetters(of: world.names.patients, 1)
      #expect(
        try await world.client.counts(of: world.names.deadLetters(of: world.names.nonAssociations)) == (0, 0)
      )
      #expect(world.gateway.telemetry.names.contains("prison-offender-events.prisoner.merged-sent-to-dlq"))
    }
  }

  @Test(
    "144: the same message twice, from two queues at once, changes the rows once",
    arguments: Provider.allCases
  )
  func twice(provider: Provider) async throws {
    try await MessagingWorld.run(provider, settings: ["NON_ASSOCIATIONS_MERGE_EVENTS": "true"]) {
      (world) async throws in
      try await world.database.insertOpen("A1111AA", "C3333CC")
      let body = try Sample.compact("consumed/prisoner.merged.json")
      for _ in 0..<3 { try await world.client.send(body, [:], to: world.names.nonAssociations) }
      try await world.isDrained(world.names.nonAssociations)
      #expect(try await Self.pairs(world) == "B2222BB-C3333CC")
      _ = try await world.nextEvent()
      #expect(try await world.database.count("gateway_outbox where kind = 'event'") == 1)
    }
  }
}
