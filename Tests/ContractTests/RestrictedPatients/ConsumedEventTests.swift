import Events
import Foundation
import Logging
import ServerTestKit
import ServiceKit
import TestKit
import Testing

@testable import Gateway
@testable import RestrictedPatientsModule

@Suite("docs/contract/restricted-patients.md §15: Consumed events")
struct ConsumedEventTests {
  private static func message(_ inner: String) -> ReceivedMessage {
    let escaped = inner.replacingOccurrences(of: "\"", with: "\\\"")
    return ReceivedMessage(
      id: "1",
      receipt: "1",
      body: Array("{\"Message\":\"\(escaped)\"}".utf8),
      receiveCount: 1
    )
  }

  static func released(_ number: String = "A12345", reason: String? = "RELEASED_TO_HOSPITAL")
    -> ReceivedMessage
  {
    let reason = reason.map { #","reason":"\#($0)""# } ?? ""
    return message(
      #"{"eventType":"prisoner-offender-search.prisoner.released","version":"1.0","additionalInformation":{"nomsNumber":"\#(number)"\#(reason)}}"#
    )
  }

  static func merged(_ removed: String? = "A12345", _ kept: String = "A23456") -> ReceivedMessage {
    let removed = removed.map { #""removedNomsNumber":"\#($0)","# } ?? ""
    return message(
      #"{"eventType":"prison-offender-events.prisoner.merged","additionalInformation":{\#(removed)"nomsNumber":"\#(kept)","reason":"MERGE"}}"#
    )
  }

  static func reception(_ more: String = "", number: String = "A12346") -> ReceivedMessage {
    message(#"{"eventType":"OFFENDER_MOVEMENT-RECEPTION","offenderIdDisplay":"\#(number)"\#(more)}"#)
  }

  private static func domain(_ gateway: RunningGateway) -> BusBridge { gateway.domainEvents }

  private static func hospital(_ gateway: RunningGateway, _ type: String = "HSHOSP") {
    gateway.prisonAPI.stub(
      ScriptedUpstream.agency("HAZLWD"),
      200,
      ScriptedUpstream.agencyJSON("HAZLWD", "Hazelwood House", type)
    )
  }

  @Test("93: a release for another reason is ignored, without any call")
  func otherReason() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.domain(gateway).handle(Self.released(reason: "RELEASED"))
      #expect(gateway.prisonAPI.calls.isEmpty)
      #expect(try await gateway.database.count("restricted_patients") == 0)
    }
  }

  @Test("94 to 96, 103: a release to a hospital adds the prisoner, once", arguments: ["HSHOSP", "HOSPITAL"])
  func releasedToHospital(type: String) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubMovements(
        ScriptedUpstream.movement(["movementReasonCode": "CR", "toAgency": "OUT"]),
        ScriptedUpstream.movement()
      )
      Self.hospital(gateway, type)
      try await Self.domain(gateway).handle(Self.released())
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.movements, ScriptedUpstream.agency("HAZLWD")])
      #expect(gateway.prisonAPI.requests.allSatisfy { $0.authorization == "Bearer upstream-token" })
      #expect(
        try await gateway.database.patient("A12345")
          == "MDI|HAZLWD|MDI|2022-05-20T14:36:13|Psychiatric discharge|-|t"
      )
      #expect(try await gateway.database.events() == ["restricted-patients.patient.added A12345"])
      try await Self.domain(gateway).handle(Self.released())
      #expect(try await gateway.database.events().count == 1)
      #expect(gateway.telemetry.names == ["restricted-patient-added-released"])
    }
  }

  @Test("97, 98: a release elsewhere, or of a patient, is ignored", arguments: ["INST", nil])
  func elsewhere(type: String?) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement())
      if let type { Self.hospital(gateway, type) }
      try await Self.domain(gateway).handle(Self.released())
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.movements, ScriptedUpstream.agency("HAZLWD")])
      #expect(try await gateway.database.count("restricted_patients") == 0)
      try await gateway.database.insertPatient("A12345")
      let before = try await gateway.database.patient("A12345")
      try await Self.domain(gateway).handle(Self.released())
      #expect(try await gateway.database.patient("A12345") == before)
      #expect(try await gateway.database.events() == [])
    }
  }

  @Test("AD-50: a release to an agency of which prison API says nothing is ignored")
  func emptyAgency() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement())
      gateway.prisonAPI.stub(ScriptedUpstream.agency("HAZLWD"), 200, "")
      try await Self.domain(gateway).handle(Self.released())
      #expect(try await gateway.database.count("restricted_patients") == 0)
    }
  }

  @Test("99: no movement, or one that is no release to a hospital, is ignored; a padded code is not")
  func otherMovement() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubMovements()
      try await Self.domain(gateway).handle(Self.released())
      gateway.prisonAPI.stubMovements(
        ScriptedUpstream.movement(["movementReasonCode": "CR", "toAgency": "OUT"])
      )
      try await Self.domain(gateway).handle(Self.released())
      #expect(try await gateway.database.count("restricted_patients") == 0)
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement(["movementReasonCode": "HP "]))
      Self.hospital(gateway)
      try await Self.domain(gateway).handle(Self.released())
      #expect(try await gateway.database.count("restricted_patients") == 1)
    }
  }

  @Test("100 to 102: what cannot be decided now is an error, so that the message comes again")
  func errors() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let handler = Self.domain(gateway)
      gateway.prisonAPI.stub(ScriptedUpstream.movements, 502)
      await #expect(throws: RestrictedPatientsError.self) { try await handler.handle(Self.released()) }
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement())
      for status in [400, 503] {
        gateway.prisonAPI.stub(ScriptedUpstream.agency("HAZLWD"), status)
        await #expect(throws: RestrictedPatientsError.self) { try await handler.handle(Self.released()) }
      }
      Self.hospital(gateway)
      for change in ["fromAgency", "movementTime"] {
        gateway.prisonAPI.stubMovements(ScriptedUpstream.movement([change: nil]))
        await #expect(throws: RestrictedPatientsError.self) { try await handler.handle(Self.released()) }
      }
      await #expect(throws: UnreadableMessage.self) { try await handler.handle(Self.released(reason: nil)) }
      #expect(try await gateway.database.count("restricted_patients") == 0)
      #expect(try await gateway.database.events() == [])
    }
  }

  @Test("the echo of our own discharge waits for it, and then finds the record")
  func echo() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement())
      Self.hospital(gateway)
      gateway.prisonAPI.hold(ScriptedUpstream.discharge("A12345"))
      async let discharge = gateway.discharge()
      try await eventually("prison API is told") {
        gateway.prisonAPI.calls.last == ScriptedUpstream.discharge("A12345")
      }
      let handler = Self.domain(gateway)
      await #expect(throws: RestrictedPatientsError.underWay("A12345")) {
        try await handler.handle(Self.released())
      }
      gateway.prisonAPI.letGo()
      #expect(try await discharge.status == 201)
      try await handler.handle(Self.released())
      #expect(try await gateway.database.patient("A12345") == DischargeTests.written)
      #expect(try await gateway.database.events().count == 1)
    }
  }

  @Test("104, 105: a reception removes the record if there is one, once")
  func received() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let handler = gateway.offenderEvents
      try await handler.handle(Self.reception())
      #expect(try await gateway.database.events() == [])
      try await gateway.database.insertPatient("A12346")
      try await handler.handle(Self.reception())
      try await handler.handle(Self.reception())
      #expect(try await gateway.patient("A12346").status == 404)
      #expect(try await gateway.database.events() == ["restricted-patients.patient.removed A12346"])
      #expect(gateway.telemetry.names == ["restricted-patient-removed-cleanup"])
      #expect(gateway.prisonAPI.calls.isEmpty)
      #expect(
        try await gateway.database.row("select removed_because from restricted_patients_archive")
          == "RECEPTION"
      )
    }
  }

  /// What an ignored reception leaves at the level of the standard log: no number, of the prisoner's.
  private static func linesOfIgnored(_ log: RecordedLog) -> Int {
    log.lines.count {
      $0.level == .info && $0.message == "Ignoring reception of prisoner as they went to hospital after it"
    }
  }

  @Test(
    "AD-49: a reception from before the discharge removes nothing, and is told of; without a time, or before a discharge of the future, it removes"
  )
  func earlierReception() async throws {
    let log = RecordedLog()
    try await withGateway(at: Patients.clock, logger: log.logger) { (gateway) async throws in
      let before = Self.reception(#","movementDateTime":"2020-10-09T11:59:59""#)
      func count() async throws -> Int { try await gateway.database.count("restricted_patients") }
      try await gateway.database.insertPatient("A12346", discharged: "2020-10-09T12:00")
      try await gateway.offenderEvents.handle(before)
      #expect(try await count() == 1)
      #expect(try await gateway.database.events() == [])
      #expect(gateway.telemetry.names == ["restricted-patient-reception-ignored"])
      #expect(gateway.telemetry.events.first?.properties == ["prisonerNumber": "A12346"])
      #expect(Self.linesOfIgnored(log) == 1)
      try await gateway.offenderEvents.handle(Self.reception())
      #expect(try await count() == 0)
      // The clock shows midnight before the 10th.
      try await gateway.database.insertPatient("A12346", discharged: "2020-10-10T00:00:01")
      try await gateway.offenderEvents.handle(before)
      #expect(try await count() == 0)
      #expect(try await gateway.database.events().count == 2)
      #expect(Self.linesOfIgnored(log) == 1)
    }
  }

  @Test("AD-59: prisoner.received from before the discharge is told of, and from after it removes, once")
  func earlierReceived() async throws {
    let log = RecordedLog()
    try await withGateway(at: Patients.clock, logger: log.logger) { (gateway) async throws in
      func received(_ time: String) -> ReceivedMessage {
        Self.message(
          #"{"eventType":"prison-offender-events.prisoner.received","occurredAt":"\#(time)","additionalInformation":{"nomsNumber":"A12346"}}"#
        )
      }
      try await gateway.database.insertPatient("A12346", discharged: "2020-10-09T12:00")
      // 11:59 in London.
      try await gateway.domainEvents.handle(received("2020-10-09T10:59:00Z"))
      #expect(try await gateway.database.count("restricted_patients") == 1)
      #expect(gateway.telemetry.names == ["restricted-patient-reception-ignored"])
      #expect(Self.linesOfIgnored(log) == 1)
      for _ in 0..<2 { try await gateway.domainEvents.handle(received("2020-10-09T12:00:00+01:00")) }
      #expect(try await gateway.database.count("restricted_patients") == 0)
      #expect(try await gateway.database.events() == ["restricted-patients.patient.removed A12346"])
      #expect(
        gateway.telemetry.names == [
          "restricted-patient-reception-ignored", "restricted-patient-removed-cleanup",
        ]
      )
    }
  }

  @Test(
    "a release and the reception after it, in either order and each of them twice, leave no record",
    arguments: [false, true]
  )
  func anyOrder(isReversed: Bool) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement(["movementType": "ADM", "toAgency": "MDI"]))
      Self.hospital(gateway)
      let received = Self.reception(#","movementDateTime":"2022-05-21T09:00:00""#, number: "A12345")
      for _ in 0..<2 {
        if isReversed { try await gateway.offenderEvents.handle(received) }
        try await gateway.domainEvents.handle(Self.released())
        if !isReversed { try await gateway.offenderEvents.handle(received) }
      }
      #expect(try await gateway.database.count("restricted_patients") == 0)
      #expect(try await gateway.database.events() == [])
    }
  }

  @Test("AD-48: a message that does not say its type is acknowledged with one warning, on both queues")
  func withoutType() async throws {
    let log = RecordedLog()
    try await withGateway(at: Patients.clock, logger: log.logger) { (gateway) async throws in
      let message = Self.message(#"{"offenderIdDisplay":"A12346"}"#)
      try await gateway.domainEvents.handle(message)
      try await gateway.offenderEvents.handle(message)
      let warnings = log.lines.filter { $0.level == .warning }.map(\.message)
      #expect(
        warnings == ["Unexpected domain event received: null", "Unexpected offender event received: null"]
      )
      // What names the type and lacks the prisoner is an error still.
      await #expect(throws: UnreadableMessage.self) {
        try await gateway.offenderEvents.handle(
          Self.message(#"{"eventType":"OFFENDER_MOVEMENT-RECEPTION"}"#)
        )
      }
    }
  }

  @Test("106, 107: unknown types are acknowledged, what is no message is an error")
  func unknown() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let other = Self.message(#"{"eventType":"something.else"}"#)
      try await gateway.domainEvents.handle(other)
      try await gateway.offenderEvents.handle(other)
      for body in [
        "{", "[]", #"{"Message":"{"}"#, #"{"eventType":"prison-offender-events.prisoner.merged"}"#,
      ] {
        let message = ReceivedMessage(id: "1", receipt: "1", body: Array(body.utf8), receiveCount: 1)
        await #expect(throws: UnreadableMessage.self) { try await gateway.domainEvents.handle(message) }
        await #expect(throws: UnreadableMessage.self) { try await gateway.offenderEvents.handle(message) }
      }
    }
  }

  @Test("88, 89: a merge of nobody's record is acknowledged; one that does not name both is an error")
  func mergeOfNobody() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let handler = Self.domain(gateway)
      try await handler.handle(Self.merged())
      await #expect(throws: UnreadableMessage.self) { try await handler.handle(Self.merged(nil)) }
      #expect(gateway.telemetry.events.isEmpty)
      #expect(try await gateway.database.count("restricted_patients_merge") == 0)
    }
  }

  @Test(
    "90, 91: a merge that touches a patient fails with the contract's words and changes no record",
    arguments: [
      (
        ["A12345"],
        "Merge not implemented. Patient A12345 was at hospital HAZLWD but record merged into A23456"
      ),
      (
        ["A12345", "A23456"],
        "Merge not implemented. Patient A12345 was at hospital HAZLWD but record merged into A23456"
      ),
      (["A23456"], "Merge not implemented. Patient A23456 is at hospital HAZLWD.  Record merged from A12345"),
    ]
  )
  func stuckMerge(records: [String], message: String) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      for number in records { try await gateway.database.insertPatient(number) }
      let handler = Self.domain(gateway)
      for _ in 0..<2 {
        let error = await #expect(throws: MergeNotImplemented.self) {
          try await handler.handle(Self.merged())
        }
        #expect(error?.message == message)
      }
      #expect(try await gateway.database.count("restricted_patients") == records.count)
      #expect(try await gateway.database.events() == [])
      #expect(gateway.telemetry.names == ["restricted-patient-merge-stuck"])
    }
  }
}
