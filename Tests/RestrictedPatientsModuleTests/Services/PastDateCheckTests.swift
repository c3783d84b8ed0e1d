import PlatformTestKit
import ServerTestKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("The past-date check (docs/contract/restricted-patients.md §12)")
struct PastDateCheckTests {
  private static let past =
    #","recall":false,"indeterminateSentence":false,"legalStatus":"SENTENCED","conditionalReleaseDate":"2020-10-09""#
  private static let today =
    #","recall":false,"indeterminateSentence":false,"legalStatus":"SENTENCED","conditionalReleaseDate":"2020-10-10""#
  private static let undecided = #","recall":null,"indeterminateSentence":null,"legalStatus":"SENTENCED""#

  private static func check(_ module: PatientsModule) async throws -> PastDateSummary {
    try await module.module.checkPastDates(for: nil, before: PatientsDatabase.deadline)
  }

  @Test("78, 80: removes who is past the date, in the order of the numbers, and nobody else")
  func removes() async throws {
    try await PatientsModule.run { (module) async throws in
      for number in ["A1", "B2", "C3", "D4"] {
        try await module.database.insert(try Patients.patient(number))
      }
      module.answerSearch(("A1", Self.today), ("B2", Self.past), ("C3", Self.undecided), ("D4", Self.past))
      let summary = try await Self.check(module)
      #expect((summary.checked, summary.past, summary.removed, summary.failed) == (4, 2, 2, 0))
      #expect(summary.undecided == 1)
      #expect(
        module.database.outbox.told == [
          "restricted-patients.patient.removed B2", "restricted-patients.patient.removed D4",
        ]
      )
      #expect(
        module.telemetry.names == [
          "restricted-patient-batch-undecided", "restricted-patient-batch-removal",
          "restricted-patient-batch-summary",
        ]
      )
      #expect(try await module.database.store.numbers(deadline: PatientsDatabase.deadline) == ["A1", "C3"])
    }
  }

  @Test("79: one removal that fails keeps nobody else from being removed")
  func oneFails() async throws {
    try await PatientsModule.run { (module) async throws in
      for number in ["A1", "B2"] { try await module.database.insert(try Patients.patient(number)) }
      module.answerSearch(("A1", Self.past), ("B2", Self.past))
      module.upstream.stub(ScriptedUpstream.release, inTurn: [(500, ""), (200, "")])
      let summary = try await Self.check(module)
      #expect((summary.past, summary.removed, summary.failed) == (2, 1, 1))
      #expect(module.database.outbox.told == ["restricted-patients.patient.removed B2"])
      #expect(try await module.database.find("A1") != nil)
    }
  }

  @Test("76, 82: without a patient nobody is asked; without an answer nobody is removed")
  func nobody() async throws {
    try await PatientsModule.run { (module) async throws in
      #expect(try await Self.check(module).checked == 0)
      #expect(module.upstream.calls.isEmpty)
      try await module.database.insert(try Patients.patient())
      module.upstream.stub(PatientsModule.search, 503, "")
      await #expect(throws: RestrictedPatientsError.self) { try await Self.check(module) }
      #expect(try await module.database.find("A12345") != nil)
      #expect(module.telemetry.names.isEmpty)
    }
  }
}
