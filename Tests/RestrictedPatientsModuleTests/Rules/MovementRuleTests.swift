import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("What a prisoner's movements say")
struct MovementRuleTests {
  private static func rule(_ movements: [Movement]) -> RestrictedPatientsError? {
    do throws(RestrictedPatientsError) {
      _ = try HistoricalRelease(movements, of: "A12345")
      return nil
    } catch {
      return error
    }
  }

  @Test("30 to 34, 36: the one release that a migration wants, or the first rule that is not met")
  func historicalRelease() throws {
    let release = try HistoricalRelease([Patients.movement()], of: "A12345")
    #expect(release.prison == "MDI")
    #expect(release.time == (try Patients.time("2022-05-20T14:36:13")))
    #expect(Self.rule([]) == .noMovements("A12345"))
    #expect(Self.rule([Patients.movement(), Patients.movement()]) == .multipleMovements("A12345"))
    for type in ["ADM", "TPT", nil] {
      #expect(Self.rule([Patients.movement { $0.type = type }]) == .notReleased("A12345"))
    }
    #expect(Self.rule([Patients.movement { $0.fromAgency = nil }]) == .noFromAgency("A12345"))
    #expect(
      Self.rule([
        Patients.movement {
          $0.type = nil
          $0.fromAgency = nil
        }
      ]) == .notReleased("A12345")
    )
    for time in [nil, "9:36", "24:00"] {
      #expect(Self.rule([Patients.movement { $0.time = time }]) == .dischargeTimeInvalid("A12345"))
    }
    #expect(
      Self.rule([Patients.movement { $0.fromAgency = "MDIMDI" }])
        == .invalid("fromAgency must have at most 5 characters")
    )
  }

  @Test("95, 99, 103: the last movement makes the patient, if it is a release to a hospital")
  func releaseToHospital() throws {
    let other = Patients.movement { $0.reasonCode = "CR" }
    #expect(ReleaseToHospital([]) == nil)
    #expect(ReleaseToHospital([Patients.movement(), other]) == nil)
    let release = try #require(ReleaseToHospital([other, Patients.movement { $0.reasonCode = "HP  " }]))
    #expect(release.destination == "HAZLWD")
    let now = try Patients.time("2022-06-01T00:00")
    let patient = try release.patient("A12345", in: Patients.hospital, at: now)
    #expect(
      patient
        == RestrictedPatient(
          prisonerNumber: "A12345",
          fromLocationID: "MDI",
          hospitalLocationCode: "HAZLWD",
          supportingPrisonID: "MDI",
          dischargeTime: try Patients.time("2022-05-20T14:36:13"),
          commentText: "Psychiatric discharge",
          createdAt: now,
          createdBy: nil,
          modifiedAt: now,
          modifiedBy: nil
        )
    )
  }

  @Test("102: a release without a prison or a time makes no patient")
  func releaseWithoutFacts() throws {
    let now = try Patients.time("2022-06-01T00:00")
    let nowhere = try #require(ReleaseToHospital([Patients.movement { $0.fromAgency = nil }]))
    #expect(throws: RestrictedPatientsError.noFromAgency("A12345")) {
      try nowhere.patient("A12345", in: Patients.hospital, at: now)
    }
    let never = try #require(ReleaseToHospital([Patients.movement { $0.date = nil }]))
    #expect(throws: RestrictedPatientsError.dischargeTimeInvalid("A12345")) {
      try never.patient("A12345", in: Patients.hospital, at: now)
    }
  }

  @Test("the final release is the last movement, out of the hospital, and not before the discharge")
  func finalRelease() throws {
    let patient = try Patients.patient(discharged: "2022-05-20T14:36:13")
    func final(_ change: (inout Movement) -> Void = { _ in }) -> Movement {
      Patients.movement {
        $0.reasonCode = "CR"
        $0.toAgency = "OUT"
        change(&$0)
      }
    }
    #expect(FinalRelease.isRecorded(of: patient, in: [Patients.movement(), final()]))
    #expect(!FinalRelease.isRecorded(of: patient, in: [final(), Patients.movement()]))
    #expect(!FinalRelease.isRecorded(of: patient, in: []))
    #expect(!FinalRelease.isRecorded(of: patient, in: [final { $0.time = "14:36:12" }]))
    #expect(!FinalRelease.isRecorded(of: patient, in: [final { $0.time = nil }]))
    #expect(!FinalRelease.isRecorded(of: patient, in: [final { $0.toAgency = "MDI" }]))
  }
}
