import Postgres
import ServiceKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("Changes of one patient at the same time")
struct RaceTests {
  private static let prisons = ["LEI", "MDI", "BXI", "WWI"]

  @Test("Of many additions of one record one makes it, and its values are those of one of them")
  func additions() async throws {
    try await PatientsDatabase.run { (database) async throws in
      for round in 0..<50 {
        let number = "A\(10_000 + round)"
        let made = try await withThrowingTaskGroup(of: String?.self) { group in
          for prison in Self.prisons {
            group.addTask {
              let patient = try Patients.patient(number, prison: prison)
              let isMade = try await database.commit {
                try await database.store.insertUnlessIntended(patient, in: $0)
              }
              return isMade ? prison : nil
            }
          }
          return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
        }
        #expect(made.count == 1)
        #expect(try await database.find(number)?.fromLocationID == made.first)
      }
    }
  }

  @Test(
    "Removals race with additions and changes of prison: each record that was made is there or archived, once"
  )
  func removals() async throws {
    try await PatientsDatabase.run { (database) async throws in
      let now = try Patients.time("2020-10-10T00:00")
      let removal = RemovalRecord(at: now, by: "REMOVER", cause: .user)
      var (made, removed) = (0, 0)
      for _ in 0..<60 {
        let (isMade, removals) = try await withThrowingTaskGroup(of: (Bool, Int).self) { group in
          group.addTask {
            let patient = try Patients.patient()
            return (
              try await database.commit {
                try await database.store.insertUnlessIntended(patient, in: $0)
              }, 0
            )
          }
          for prison in Self.prisons {
            group.addTask {
              let changed = try await database.commit {
                try await database.store.changeSupportingPrison(
                  of: "A12345",
                  to: prison,
                  by: "EDITOR",
                  at: now,
                  in: $0
                )
              }
              if let changed { #expect(changed.supportingPrisonID == prison) }
              return (false, 0)
            }
          }
          for _ in 0..<2 {
            group.addTask {
              let isGone = try await database.commit {
                try await database.store.archive("A12345", removal, in: $0)
              }
              return (false, isGone ? 1 : 0)
            }
          }
          return try await group.reduce(into: (false, 0)) { $0 = ($0.0 || $1.0, $0.1 + $1.1) }
        }
        if isMade { made += 1 }
        removed += removals
        let isThere = try await database.find("A12345") != nil
        #expect(made == removed + (isThere ? 1 : 0))
      }
      let archived = try await database.store.archived(
        "A12345",
        deadline: PatientsDatabase.deadline
      )
      #expect(archived.count == removed)
      #expect(made > 0 && removed > 0, "the test has to meet both")
    }
  }

  @Test("Of several changes to one prison one changes it, and the others find it changed")
  func prisons() async throws {
    try await PatientsDatabase.run { (database) async throws in
      try await database.insert(try Patients.patient())
      let now = try Patients.time("2020-10-10T00:00")
      for round in 0..<50 {
        let prison = round.isMultiple(of: 2) ? "MDI" : "LEI"
        let authors = try await withThrowingTaskGroup(of: String?.self) { group in
          for author in ["A", "B", "C"] {
            group.addTask {
              try await database.commit {
                try await database.store.changeSupportingPrison(
                  of: "A12345",
                  to: prison,
                  by: author,
                  at: now,
                  in: $0
                )
              }?.modifiedBy
            }
          }
          return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
        }
        #expect(authors.count == 1)
        #expect(try await database.find("A12345")?.modifiedBy == authors.first)
      }
    }
  }
}
