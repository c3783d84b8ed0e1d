import PlatformTestKit
import ServerTestKit
import ServiceKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("What becomes of what the module hears")
struct HeardEventTests {
  private static let released = PrisonerReleased(number: "A12345", reason: "RELEASED_TO_HOSPITAL")
  private static let added = "restricted-patients.patient.added A12345"
  private static let removed = "restricted-patients.patient.removed A12345"

  private static func answerHospital(_ module: PatientsModule, type: String = "HSHOSP") {
    module.answerMovements(Patients.movement())
    module.upstream.stub(
      ScriptedUpstream.agency("HAZLWD"),
      200,
      #"{"agencyId":"HAZLWD","description":"Hazelwood House","agencyType":"\#(type)","active":true}"#
    )
  }

  private static func leaveUnknown(
    _ operation: String,
    _ database: PatientsDatabase,
    at time: String
  ) async throws {
    try await database.run(
      """
      insert into restricted_patients_attempt
        (prisoner_number, operation, started_at, expires_at, unknown_because)
      values ('A12345', '\(operation)', '\(time)+01', now(), 'no answer')
      """
    )
  }

  @Test("94 to 96: a release to a hospital makes the record without an author, once, and settles a discharge")
  func releasedToHospital() async throws {
    try await PatientsModule.run { (module) async throws in
      try await Self.leaveUnknown("ADD", module.database, at: "2020-10-09 12:00")
      Self.answerHospital(module)
      try await module.module.hear(Self.released)
      let patient = try #require(try await module.database.find("A12345"))
      #expect(patient.createdBy == nil)
      #expect(patient.commentText == "Psychiatric discharge")
      #expect(patient.dischargeTime == (try Patients.time("2022-05-20T14:36:13")))
      try await module.module.hear(Self.released)
      #expect(module.upstream.calls == [ScriptedUpstream.movements, ScriptedUpstream.agency("HAZLWD")])
      #expect(module.database.outbox.told == [Self.added])
      #expect(module.telemetry.names == ["restricted-patient-added-released"])
      #expect(try await module.database.attempts() == "ADD A12345 no answer EVENT")
    }
  }

  @Test("a release while a discharge is intended comes again, and makes the record if nothing came of that")
  func echo() async throws {
    try await PatientsModule.run { (module) async throws in
      Self.answerHospital(module)
      try await module.database.run(
        """
        insert into restricted_patients_attempt (prisoner_number, operation, expires_at)
        values ('A12345', 'ADD', now() + interval '1 hour')
        """
      )
      await #expect(throws: RestrictedPatientsError.underWay("A12345")) {
        try await module.module.hear(Self.released)
      }
      #expect(try await module.database.find("A12345") == nil)
      try await module.database.run("update restricted_patients_attempt set expires_at = now()")
      try await module.module.hear(Self.released)
      #expect(module.database.outbox.told == [Self.added])
      #expect(
        try await module.database.attempts() == "ADD A12345 the gateway stopped before the answer came EVENT"
      )
    }
  }

  @Test(
    "93, 97, 99: a release for another reason, to no hospital, or that prison API does not have is ignored",
    arguments: [
      ("RELEASED", "HSHOSP", "HP", 0), ("RELEASED_TO_HOSPITAL", "INST", "HP", 2),
      ("RELEASED_TO_HOSPITAL", "HSHOSP", "CR", 1),
    ]
  )
  func ignored(reason: String, type: String, movement: String, calls: Int) async throws {
    try await PatientsModule.run { (module) async throws in
      Self.answerHospital(module, type: type)
      module.answerMovements(Patients.movement { $0.reasonCode = movement })
      try await module.module.hear(PrisonerReleased(number: "A12345", reason: reason))
      #expect(module.upstream.calls.count == calls)
      #expect(try await module.database.find("A12345") == nil)
      #expect(module.database.outbox.told.isEmpty)
    }
  }

  @Test(
    "97: a release to nowhere, or to what prison API does not know, is ignored",
    arguments: [nil, "NOWHERE"]
  )
  func unknownHospital(destination: String?) async throws {
    try await PatientsModule.run { (module) async throws in
      module.answerMovements(Patients.movement { $0.toAgency = destination })
      try await module.module.hear(Self.released)
      #expect(try await module.database.find("A12345") == nil)
    }
  }

  @Test("100 to 102: what cannot be decided now fails, so that the message comes again")
  func undecided() async throws {
    try await PatientsModule.run { (module) async throws in
      func expectFailure(_ expected: RestrictedPatientsError? = nil) async {
        let error = await #expect(throws: RestrictedPatientsError.self) {
          try await module.module.hear(Self.released)
        }
        if let expected { #expect(error == expected) }
      }
      module.upstream.stub(ScriptedUpstream.movements, 502, "")
      await expectFailure()
      module.answerMovements(Patients.movement())
      module.upstream.stub(ScriptedUpstream.agency("HAZLWD"), 503, "")
      await expectFailure()
      Self.answerHospital(module)
      module.answerMovements(Patients.movement { $0.fromAgency = nil })
      await expectFailure(.noFromAgency("A12345"))
      #expect(try await module.database.find("A12345") == nil)
    }
  }

  @Test("104, 105: a reception removes the record, once, without an author, and settles a removal")
  func reception() async throws {
    try await PatientsModule.run { (module) async throws in
      try await module.database.insert(try Patients.patient())
      try await Self.leaveUnknown("REMOVE", module.database, at: "2020-10-09 12:00")
      let reception = PrisonerReceived(number: "A12345", time: .unknown)
      try await module.module.hear(reception)
      try await module.module.hear(reception)
      #expect(try await module.database.find("A12345") == nil)
      #expect(module.database.outbox.told == [Self.removed])
      #expect(module.telemetry.names == ["restricted-patient-removed-cleanup"])
      #expect(module.upstream.calls.isEmpty)
      let archived = try await module.database.store.archived("A12345", deadline: PatientsDatabase.deadline)
      #expect(archived.map(\.cause) == [.known(.reception)])
      #expect(archived.first?.removedBy == nil)
      #expect(try await module.database.attempts() == "REMOVE A12345 no answer EVENT")
    }
  }

  @Test("a reception of an earlier stay leaves the record of a later discharge")
  func earlierReception() async throws {
    try await PatientsModule.run { (module) async throws in
      let before = PrisonerReceived(number: "A12345", time: .local(try Patients.time("2020-10-09T11:59")))
      try await module.module.hear(before)
      #expect(module.telemetry.names.isEmpty)
      try await module.database.insert(try Patients.patient(discharged: "2020-10-09T12:00"))
      try await module.module.hear(before)
      #expect(try await module.database.find("A12345") != nil)
      #expect(module.database.outbox.told.isEmpty)
      #expect(module.telemetry.names == ["restricted-patient-reception-ignored"])
    }
  }

  @Test("88 to 91: a merge that concerns a patient fails each time, and is told of once; another is done")
  func merged() async throws {
    try await PatientsModule.run { (module) async throws in
      let merge = PrisonerMerged(removed: "A12345", kept: "A23456")
      try await module.module.hear(merge)
      try await module.database.insert(try Patients.patient())
      for _ in 0..<2 {
        await #expect(throws: MergeNotImplemented.self) { try await module.module.hear(merge) }
      }
      #expect(module.telemetry.names == ["restricted-patient-merge-stuck"])
      let stuck = try await module.database.store.stuckMerges(deadline: PatientsDatabase.deadline)
      #expect(stuck.map(\.deliveries) == [2])
      #expect(stuck.first?.choices == [.dropRemoved, .move])
      #expect(try await module.database.find("A12345") != nil)
    }
  }
}
