import EventLoops
import Foundation
import ServerTestKit
import TestKit
import Testing
import Time

@testable import Events
@testable import Gateway
@testable import RestrictedPatientsModule

@Suite("docs/contract/restricted-patients.md §15: Published events and dead letters")
struct PublishedEventTests {
  private static func expected(_ type: String, _ description: String) -> JSON {
    [
      "eventType": .text(type), "additionalInformation": ["prisonerNumber": "A12345"], "version": 1,
      "occurredAt": "2020-10-10T00:00:00+01:00", "publishedAt": "2020-10-10T00:00:00+01:00",
      "description": .text(description),
      "personReference": ["identifiers": [["type": "NOMS", "value": "A12345"]]],
    ]
  }

  /// One of each change, all of them successful.
  private static func dischargeMoveAndRemove(_ gateway: RunningGateway) async throws {
    gateway.prisonAPI.stubBooking()
    gateway.prisonAPI.stubDischarge()
    gateway.prisonAPI.stubLists()
    let agency = ScriptedUpstream.agencyJSON("HDI", "Hatfield", "INST")
    gateway.prisonAPI.stub(ScriptedUpstream.agency("HDI"), 200, agency)
    gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
    gateway.prisonAPI.stub(ScriptedUpstream.release)
    #expect(try await gateway.discharge().status == 201)
    #expect(try await gateway.changePrison(to: "HDI").status == 200)
    #expect(try await gateway.removePatient("A12345").status == 200)
  }

  @Test(
    "87: added, changed and removed reach a subscriber in the contract's words, with their type as attribute"
  )
  func published() async throws {
    try await withGateway(at: Patients.clock, patientsOutbox: nil) { (gateway) async throws in
      let service = gateway.configuration.restrictedPatients.messaging
      let broker = PostgresBroker(
        database: gateway.application.database,
        loop: try World.group.get().loops[0],
        clock: SystemClock()
      )
      let subscription = SubscriptionDefinition(topic: BrokerARN.name(service.topicARN))
      try await broker.create(
        topics: [service.topicARN],
        queues: [QueueDefinition("subscriber", subscriptions: [subscription])],
        deadline: .now() + .seconds(30)
      )
      try await Self.dischargeMoveAndRemove(gateway)
      let queue = broker.queue("subscriber")
      var envelopes: [JSON] = []
      while envelopes.count < 3 {
        let messages = try await queue.receive(
          limit: 10,
          wait: .seconds(30),
          visibilityTimeout: .seconds(60),
          deadline: .now() + .seconds(40)
        )
        guard !messages.isEmpty else { break }
        envelopes += try messages.map { try JSON(parsing: $0.body) }
      }
      let bodies = try envelopes.map { try JSON(parsing: Array(($0["Message"]?.text ?? "").utf8)) }
      #expect(
        bodies == [
          Self.expected("restricted-patients.patient.added", "Prisoner is now a restricted patient"),
          Self.expected(
            "restricted-patients.patient.supporting-prison-changed",
            "Supporting prisoner changed for restricted patient"
          ),
          Self.expected("restricted-patients.patient.removed", "Prisoner no longer a restricted patient"),
        ]
      )
      for (envelope, body) in zip(envelopes, bodies) {
        #expect(envelope["MessageAttributes"]?["eventType"]?["Value"] == body["eventType"])
      }
      await broker.stop()
    }
  }

  @Test(
    "13, 38, 50, 61: while nothing can be published, callers are answered, and each event waits for its turn"
  )
  func brokerDown() async throws {
    try await withGateway(at: Patients.clock, patientsOutbox: nil) { (gateway) async throws in
      let topic = BrokerARN.name(gateway.configuration.restrictedPatients.messaging.topicARN)
      try await gateway.database.run("delete from gateway_topic where name = '\(topic)'")
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement())
      try await Self.dischargeMoveAndRemove(gateway)
      #expect(try await gateway.migrate().status == 201)
      #expect(try await gateway.database.count("restricted_patients") == 1)
      #expect(
        gateway.telemetry.names == [
          "restricted-patient-added-discharge", "restricted-patient-changed-supporting-prison",
          "restricted-patient-removed", "restricted-patient-added-migrate",
        ]
      )
      #expect(
        try await gateway.database.row(
          """
          select string_agg(split_part(event_type, '.', 3), ',' order by id) from gateway_outbox
          where published_at is null
          """
        ) == "added,supporting-prison-changed,removed,added"
      )
      try await gateway.database.run(
        """
        insert into gateway_topic (name, arn)
        values ('\(topic)', '\(gateway.configuration.restrictedPatients.messaging.topicARN)')
        """
      )
      try await eventually("everything is published") {
        try await gateway.database.count("gateway_outbox where published_at is null") == 0
      }
    }
  }

  @Test("92: a stuck merge comes again after 1, 10, 60, 600 s, then goes to the dead letters")
  func deadLetters() async throws {
    try await withGateway(
      at: Patients.clock,
      settings: ["RESTRICTED_PATIENTS_ERROR_VISIBILITY_TIMEOUT": "0"]
    ) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      let broker = PostgresBroker(
        database: gateway.application.database,
        loop: try World.group.get().loops[0],
        clock: SystemClock()
      )
      let names = gateway.configuration.restrictedPatients.messaging.queues[0]
      let (queue, deadLetterQueue) = (broker.queue(names.name), broker.queue(names.deadLetterQueue))
      let type = "prison-offender-events.prisoner.merged"
      let merge =
        #"{\"eventType\":\"\#(type)\",\"additionalInformation\":{\"nomsNumber\":\"A23456\",\"removedNomsNumber\":\"A12345\"}}"#
      let body =
        #"{"Message":"\#(merge)","MessageAttributes":{"eventType":{"Type":"String","Value":"\#(type)"}}}"#
      _ = try await queue.send(OutgoingMessage(body: Array(body.utf8)), deadline: .now() + .seconds(30))
      try await eventually("it is a dead letter") {
        try await deadLetterQueue.status(deadline: .now() + .seconds(30)).messagesOnQueue == 1
      }
      #expect(try await gateway.database.row("select deliveries from restricted_patients_merge") == "5")
      #expect(gateway.telemetry.names == ["restricted-patient-merge-stuck", "\(type)-sent-to-dlq"])
      #expect(try await gateway.database.count("restricted_patients") == 1)
      await broker.stop()
    }
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      for queue in gateway.configuration.restrictedPatients.messaging.queues {
        let pauses = (1...4).map {
          queue.retryPolicy.decision(eventType: nil, receiveCount: $0, maxReceiveCount: 5).seconds
        }
        #expect(pauses == [1, 10, 60, 600])
      }
    }
  }
}
