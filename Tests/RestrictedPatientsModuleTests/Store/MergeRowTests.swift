import ModuleKit
import Testing

@testable import RestrictedPatientsModule

@Suite("Rows of merges")
struct MergeRowTests {
  private static func detect(_ database: PatientsDatabase) async throws
    -> RestrictedPatientsStore.DetectedMerge
  {
    try await database.store.detectMerge(
      removed: "A12345",
      kept: "A23456",
      deadline: PatientsDatabase.deadline
    )
  }

  private static func record(_ database: PatientsDatabase, at time: String) async throws -> Int64 {
    try await database.commit { unit in
      try await database.store.recordMerge(
        removed: "A12345",
        kept: "A23456",
        at: try Patients.time(time),
        in: unit
      )
    }
  }

  @Test("88 to 91: the records of both numbers are found, each under its own")
  func detected() async throws {
    try await PatientsDatabase.run { (database) async throws in
      #expect(try await Self.detect(database).records == MergedRecords())
      let (removed, kept) = (try Patients.patient("A12345"), try Patients.patient("A23456", prison: "HDI"))
      try await database.insert(kept)
      #expect(try await Self.detect(database).records == MergedRecords(removed: nil, kept: kept))
      try await database.insert(removed)
      let found = try await Self.detect(database)
      #expect(found.records == MergedRecords(removed: removed, kept: kept))
      #expect(!found.isResolved)
    }
  }

  @Test("A merge is written down once, and counts how often it came; who decides locks it")
  func stuck() async throws {
    try await PatientsDatabase.run { (database) async throws in
      let removed = try Patients.patient("A12345")
      try await database.insert(removed)
      #expect(try await Self.record(database, at: "2020-10-10T00:00") == 1)
      #expect(try await Self.record(database, at: "2020-10-10T00:01") == 2)
      let stuck = StuckMerge(
        removedNumber: "A12345",
        keptNumber: "A23456",
        records: MergedRecords(removed: removed, kept: nil),
        firstSeen: try Patients.time("2020-10-10T00:00"),
        lastSeen: try Patients.time("2020-10-10T00:01"),
        deliveries: 2
      )
      #expect(try await database.store.stuckMerges(deadline: PatientsDatabase.deadline) == [stuck])
      #expect(stuck.choices == [.dropRemoved, .move])
      func lock(_ removed: String) async throws -> MergedRecords? {
        try await database.commit { unit in
          try await database.store.lockMerge(removed: removed, kept: "A23456", in: unit)
        }
      }
      #expect(try await lock("A12345") == stuck.records)
      #expect(try await lock("A99999") == nil)
      let now = try Patients.time("2020-10-10T00:02")
      try await database.commit { unit in
        try database.store.enqueueRename("A12345", to: "A23456", by: "U", at: now, in: unit)
        try database.store.enqueueResolution(
          .move,
          removed: "A12345",
          kept: "A23456",
          by: "U",
          at: now,
          in: unit
        )
      }
      var moved = removed
      (moved.prisonerNumber, moved.modifiedAt, moved.modifiedBy) = ("A23456", now, "U")
      #expect(try await database.find("A23456") == moved)
      #expect(try await Self.detect(database).isResolved)
      #expect(try await lock("A12345") == nil)
      #expect(try await database.store.stuckMerges(deadline: PatientsDatabase.deadline).isEmpty)
    }
  }

  @Test("A merge whose records have gone waits for nobody")
  func gone() async throws {
    try await PatientsDatabase.run { (database) async throws in
      #expect(try await Self.record(database, at: "2020-10-10T00:00") == 1)
      #expect(try await database.store.stuckMerges(deadline: PatientsDatabase.deadline).isEmpty)
    }
  }
}
