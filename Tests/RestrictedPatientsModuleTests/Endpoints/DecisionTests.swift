import HTTPTypes
import PlatformTestKit
import ServerTestKit
import Testing

@testable import RestrictedPatientsModule

@Suite("What a person decides")
struct DecisionTests {
  private static func resolve(_ module: PatientsModule, _ resolution: String) async throws
    -> PatientsModule.Answer
  {
    try await module.send(
      .post,
      "/restricted-patients/merges/A12345/A23456/resolve",
      by: PatientsModule.administrator,
      body: #"{"resolution":"\#(resolution)"}"#
    )
  }

  /// A merge that waits, with records of these numbers.
  private static func stick(_ module: PatientsModule, _ numbers: String...) async throws {
    for number in numbers { try await module.database.insert(try Patients.patient(number)) }
    await #expect(throws: MergeNotImplemented.self) {
      try await module.module.hear(PrisonerMerged(removed: "A12345", kept: "A23456"))
    }
  }

  @Test("moves the record of a merge to the number that is kept, and tells both")
  func moved() async throws {
    try await PatientsModule.run { (module) async throws in
      try await Self.stick(module, "A12345")
      let answer = try await Self.resolve(module, "MOVE")
      #expect(answer.status == 200)
      #expect(
        answer.body
          == #"{"removedPrisonerNumber":"A12345","keptPrisonerNumber":"A23456","resolution":"MOVE","#
          + #""resolvedDateTime":"2020-10-10T00:00:00","resolvedUserId":"RESTRICTED_PATIENTS_ADMIN"}"#
      )
      #expect(try await module.database.find("A12345") == nil)
      #expect(try await module.database.find("A23456")?.modifiedBy == PatientsModule.administrator)
      #expect(
        module.database.outbox.told == [
          "restricted-patients.patient.removed A12345", "restricted-patients.patient.added A23456",
        ]
      )
      // The message is done with when it comes the next time.
      try await module.module.hear(PrisonerMerged(removed: "A12345", kept: "A23456"))
      #expect(try await Self.resolve(module, "MOVE").status == 404)
    }
  }

  @Test(
    "drops the records that are to go",
    arguments: [("DROP_REMOVED", ["A12345"]), ("DROP_BOTH", ["A12345", "A23456"])]
  )
  func dropped(resolution: String, numbers: [String]) async throws {
    try await PatientsModule.run { (module) async throws in
      try await Self.stick(module, "A12345", "A23456")
      #expect(try await Self.resolve(module, resolution).status == 200)
      #expect(
        module.database.outbox.told == numbers.map { "restricted-patients.patient.removed \($0)" }
      )
      for number in ["A12345", "A23456"] {
        #expect((try await module.database.find(number) == nil) == numbers.contains(number))
      }
      #expect(
        module.telemetry.names == ["restricted-patient-merge-stuck", "restricted-patient-merge-resolved"]
      )
    }
  }

  @Test("is refused if the records are not where it wants them, and says what is possible")
  func impossible() async throws {
    try await PatientsModule.run { (module) async throws in
      try await Self.stick(module, "A23456")
      let answer = try await Self.resolve(module, "MOVE")
      #expect(answer.status == 400)
      #expect(answer.body.contains("the choices are: DROP_KEPT, KEEP"))
      #expect(try await module.database.find("A23456") != nil)
      #expect(module.database.outbox.told.isEmpty)
      #expect(try await Self.resolve(module, "KEEP").status == 200)
      #expect(module.database.outbox.told.isEmpty)
    }
  }

  @Test("settles what is unknown, of additions and removals alike, and changes no record")
  func settled() async throws {
    try await PatientsModule.run { (module) async throws in
      func settle(_ number: String, by caller: String = PatientsModule.administrator) async throws
        -> PatientsModule.Answer
      {
        try await module.send(.post, "/restricted-patients/unknown-outcomes/\(number)/settle", by: caller)
      }
      try await module.database.insert(try Patients.patient())
      module.answerSearch(("A12345", ""))
      module.upstream.stub(ScriptedUpstream.release, 504, "")
      #expect(try await settle("A12345").status == 404)
      #expect(try await module.remove().status == 500)
      #expect(try await settle("A12345", by: "SOMEBODY").status == 403)
      let answer = try await settle("A12345")
      #expect(answer.status == 200)
      #expect(
        answer.body
          == #"{"prisonerNumber":"A12345","operations":["REMOVE"],"settledDateTime":"2020-10-10T00:00:00","#
          + #""settledUserId":"RESTRICTED_PATIENTS_ADMIN"}"#
      )
      #expect(try await module.database.find("A12345") != nil)
      #expect(module.database.outbox.told.isEmpty)
      #expect(try await settle("A12345").status == 404)
      // Prison API is told without being asked, since a person has looked.
      module.upstream.stub(ScriptedUpstream.release, 200, "")
      #expect(try await module.remove().status == 200)
      #expect(!module.upstream.calls.contains(ScriptedUpstream.movements))
    }
  }

  @Test("settles nothing while a change is in flight, whose row is another's")
  func underWay() async throws {
    try await PatientsModule.run { (module) async throws in
      try await module.database.run(
        """
        insert into restricted_patients_attempt (prisoner_number, operation, expires_at)
        values ('A12345', 'ADD', now() + interval '1 hour')
        """
      )
      let answer = try await module.send(
        .post,
        "/restricted-patients/unknown-outcomes/A12345/settle",
        by: PatientsModule.administrator
      )
      #expect(answer.status == 404)
      #expect(try await module.database.attempts() == "ADD A12345")
    }
  }
}
