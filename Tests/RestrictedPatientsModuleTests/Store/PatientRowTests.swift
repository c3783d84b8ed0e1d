import ServiceKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("Patients' rows")
struct PatientRowTests {
  @Test("108: a row in which every value differs is read as it was written, and is written once")
  func roundTrip() async throws {
    try await PatientsDatabase.run { (database) async throws in
      let patient = try Patients.patient()
      try await database.insert(patient)
      #expect(try await database.find("A12345") == patient)
      var other = patient
      other.commentText = "another"
      let isInserted = try await database.commit {
        try await database.store.insertUnlessIntended(other, in: $0)
      }
      #expect(!isInserted)
      #expect(try await database.find("A12345") == patient)
      #expect(try await database.find("a12345") == nil)
    }
  }

  @Test("A removed row is in the archive as it was, with when, by whom and why; the latest is first")
  func archived() async throws {
    try await PatientsDatabase.run { (database) async throws in
      let patient = try Patients.patient()
      let removals = [
        RemovalRecord(at: try Patients.time("2020-10-11T00:00:01"), by: "REMOVER", cause: .user),
        RemovalRecord(at: try Patients.time("2020-10-11T00:00:02"), by: nil, cause: .batch),
      ]
      for removal in removals {
        try await database.insert(patient)
        let isGone = try await database.commit {
          try await database.store.archive("A12345", removal, in: $0)
        }
        #expect(isGone)
        #expect(try await database.find("A12345") == nil)
      }
      let isGone = try await database.commit {
        try await database.store.archive("A12345", removals[0], in: $0)
      }
      #expect(!isGone)
      let expected = removals.reversed().map {
        ArchivedPatient(patient: patient, removedAt: $0.at, removedBy: $0.by, cause: .known($0.cause))
      }
      #expect(
        try await database.store.archived("A12345", deadline: PatientsDatabase.deadline) == Array(expected)
      )
    }
  }

  @Test(
    "A reception ends a stay that began before it, whichever clock its time is of",
    arguments: [
      (ReceptionTime.unknown, true),
      // The discharge is at midnight in London, which is an hour ahead of UTC.
      (.instant(Patients.now), true), (.instant(Patients.now + Duration.microseconds(-1)), false),
    ]
  )
  func reception(time: ReceptionTime, isRemoved: Bool) async throws {
    try await Self.receive(at: time, isRemoved: isRemoved)
  }

  @Test(
    "A discharge of the future is a mistake, and a reception before it removes the record; nobody's is absent"
  )
  func futureDischarge() async throws {
    try await PatientsDatabase.run { (database) async throws in
      try await database.insert(try Patients.patient(discharged: "2020-10-11T00:00:00.000001"))
      let removal = RemovalRecord(at: try Patients.time("2020-10-11T00:00"), by: nil, cause: .reception)
      let reception = ReceptionTime.local(try Patients.time("2020-10-10T12:00"))
      for expected in [ReceptionOutcome.removed, .absent] {
        let outcome = try await database.commit {
          try await database.store.archive("A12345", removal, after: reception, in: $0)
        }
        #expect(outcome == expected)
      }
    }
  }

  @Test(
    "… and so does one of London's clocks",
    arguments: [("2020-10-10T00:00", true), ("2020-10-09T23:59", false)]
  )
  func localReception(time: String, isRemoved: Bool) async throws {
    try await Self.receive(at: .local(try Patients.time(time)), isRemoved: isRemoved)
  }

  private static func receive(at time: ReceptionTime, isRemoved: Bool) async throws {
    try await PatientsDatabase.run { (database) async throws in
      try await database.insert(try Patients.patient(discharged: "2020-10-10T00:00"))
      let removal = RemovalRecord(at: try Patients.time("2020-10-11T00:00"), by: nil, cause: .reception)
      let outcome = try await database.commit {
        try await database.store.archive("A12345", removal, after: time, in: $0)
      }
      #expect(outcome == (isRemoved ? .removed : .kept))
      #expect((try await database.find("A12345") == nil) == isRemoved)
    }
  }

  @Test("54, 56: a prison is changed once, and only the prison, by whom and when")
  func supportingPrison() async throws {
    try await PatientsDatabase.run { (database) async throws in
      var patient = try Patients.patient()
      try await database.insert(patient)
      let now = try Patients.time("2020-10-10T00:00")
      func change(_ number: String) async throws -> RestrictedPatient? {
        try await database.commit {
          try await database.store.changeSupportingPrison(of: number, to: "MDI", by: "U", at: now, in: $0)
        }
      }
      (patient.supportingPrisonID, patient.modifiedAt, patient.modifiedBy) = ("MDI", now, "U")
      #expect(try await change("A12345") == patient)
      #expect(try await change("A12345") == nil)
      #expect(try await change("A23456") == nil)
      #expect(try await database.find("A12345") == patient)
    }
  }

  @Test("A page has the patients that match, in the order of their numbers, and how many there are")
  func page() async throws {
    try await PatientsDatabase.run { (database) async throws in
      try await database.insert(
        try Patients.patient("C3", discharged: "2020-10-03T23:59:59"),
        try Patients.patient("A1", discharged: "2020-10-01T00:00"),
        try Patients.patient("B2", discharged: "2020-10-02T12:00")
      )
      func numbers(_ query: PageRequest) async throws -> ([String], Int64) {
        let page = try await database.store.page(query, deadline: PatientsDatabase.deadline)
        return (page.patients.map(\.prisonerNumber), page.total)
      }
      #expect(try await numbers(PageRequest()) == (["A1", "B2", "C3"], 3))
      #expect(try await numbers(PageRequest(page: 1, size: 2)) == (["C3"], 3))
      #expect(
        try await numbers(PageRequest(dischargedFrom: "2020-10-02", dischargedTo: "2020-10-03"))
          == (["B2", "C3"], 2)
      )
      #expect(try await numbers(PageRequest(supportingPrisonID: "MDI")) == ([], 0))
      #expect(
        try await numbers(PageRequest(supportingPrisonID: "LEI", hospitalLocationCode: "HAZLWD")).1 == 3
      )
      #expect(try await database.store.numbers(deadline: PatientsDatabase.deadline) == ["A1", "B2", "C3"])
    }
  }
}
