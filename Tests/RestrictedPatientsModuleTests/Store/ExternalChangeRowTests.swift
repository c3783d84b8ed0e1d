import ModuleKit
import ServiceKit
import Testing

@testable import RestrictedPatientsModule

@Suite("Rows of external changes")
struct ExternalChangeRowTests {
  private static func intend(
    _ database: PatientsDatabase,
    _ operation: ExternalChange.Operation = .add,
    lifetime: Duration = .seconds(60)
  ) async throws -> IntendedChange {
    try await database.commit { unit in
      try await database.store.intend(operation, of: "A12345", by: "U", lifetime: lifetime, in: unit)
    }
  }

  @Test("keep everybody else from changing the same prisoner until they go")
  func exclusive() async throws {
    try await PatientsDatabase.run { (database) async throws in
      let first = try #require(try await Self.intend(database).row)
      #expect(first.prisonerNumber == "A12345")
      #expect(first.operation == .add)
      #expect(try await Self.intend(database).row == nil)
      #expect(try await Self.intend(database, .remove).row == nil)
      try await database.commit { try database.store.enqueueEnd(of: first, in: $0) }
      let second = try #require(try await Self.intend(database, .remove).row)
      #expect(second.id != first.id)
      try await database.commit { try database.store.enqueueEnd(of: first, in: $0) }
      #expect(try await database.attempts() == "REMOVE A12345")
      try await database.commit { try database.store.enqueueEnd(of: second, in: $0) }
      #expect(try await database.attempts() == "")
    }
  }

  @Test("are unknown once their time has passed, and in nobody's way")
  func expired() async throws {
    try await PatientsDatabase.run { (database) async throws in
      let dead = try #require(try await Self.intend(database, lifetime: .zero).row)
      let found = try await Self.intend(database, .remove)
      let next = try #require(found.row)
      #expect(next.id != dead.id)
      #expect(found.expired == dead)
      // Who comes later is not told of it once more.
      #expect(try await Self.intend(database).expired == nil)
      #expect(
        try await database.attempts()
          == "ADD A12345 the gateway stopped before the answer came, REMOVE A12345"
      )
    }
  }

  @Test("come with the record as it is when they are written")
  func record() async throws {
    try await PatientsDatabase.run { (database) async throws in
      #expect(try await Self.intend(database, .remove).patient == nil)
      try await database.insert(try Patients.patient())
      #expect(try await Self.intend(database, .remove).patient == Patients.patient())
    }
  }

  @Test("are written after those that they waited for, and see what these have made")
  func waiting() async throws {
    try await PatientsDatabase.run { (database) async throws in
      let first = try #require(try await Self.intend(database).row)
      try await withThrowingTaskGroup(of: IntendedChange?.self) { tasks in
        try await database.commit { (unit) async throws in
          #expect(try await database.store.insert(try Patients.patient(), of: first, in: unit))
          try database.store.enqueueEnd(of: first, in: unit)
          // What is queued goes with it.
          #expect(try await database.store.find("A12345", in: unit) != nil)
          tasks.addTask { try await Self.intend(database) }
          // The other waits for this transaction's end.
          while try await database.text(
            "select count(*)::text from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
          ) == "0" {}
        }
        let second = try #require(try await tasks.next() ?? nil)
        #expect(second.row != nil)
        #expect(second.patient == (try Patients.patient()))
      }
    }
  }

  private static func leaveUnknown(
    _ database: PatientsDatabase,
    _ operation: ExternalChange.Operation,
    at time: String = "2020-10-09 12:00",
    of number: String = "A12345"
  ) async throws {
    try await database.run(
      """
      insert into restricted_patients_attempt
        (prisoner_number, operation, started_at, expires_at, unknown_because)
      values ('\(number)', '\(operation.rawValue)', '\(time)+01', now(), 'no answer')
      """
    )
  }

  @Test(
    "tell of an earlier removal of the same record whose outcome is unknown",
    arguments: [
      (ExternalChange.Operation.remove, "2020-10-09 12:00", true), (.add, "2020-10-09 12:00", false),
      // Of an earlier record of the prisoner.
      (.remove, "2020-10-08 12:00", false),
    ]
  )
  func unknownRemoval(operation: ExternalChange.Operation, started: String, isTold: Bool) async throws {
    try await PatientsDatabase.run { (database) async throws in
      try await database.insert(try Patients.patient())
      try await Self.leaveUnknown(database, operation, at: started)
      let found = try await Self.intend(database, .remove)
      #expect(found.row != nil)
      #expect(found.hasUnknown == isTold)
    }
  }

  @Test("tell of an earlier addition, unless there is a record, or was one that has been removed since")
  func unknownAddition() async throws {
    try await PatientsDatabase.run { (database) async throws in
      func hasUnknown(_ operation: ExternalChange.Operation = .add) async throws -> Bool {
        let found = try await Self.intend(database, operation)
        try await database.commit { try database.store.enqueueEnd(of: try #require(found.row), in: $0) }
        return found.hasUnknown
      }
      #expect(try await !hasUnknown())
      try await Self.leaveUnknown(database, .add)
      try await Self.leaveUnknown(database, .add, of: "B23456")
      #expect(try await hasUnknown())
      #expect(try await !hasUnknown(.remove))
      try await database.insert(try Patients.patient())
      #expect(try await !hasUnknown())
      for (time, isTold) in [("2020-10-09T11:59", true), ("2020-10-09T12:01", false)] {
        let removal = RemovalRecord(at: try Patients.time(time), by: nil, cause: .reception)
        try await database.commit { try database.store.enqueueArchive("A12345", removal, in: $0) }
        #expect(try await hasUnknown() == isTold)
        try await database.insert(try Patients.patient())
      }
    }
  }

  @Test(
    "are settled by an event, by prison API or by a person, and stay with when and by whom",
    arguments: [
      (ExternalChange.Settlement.event, "EVENT"), (.upstream(askedBy: "U"), "UPSTREAM U"),
      (.upstream(askedBy: nil), "UPSTREAM"), (.person("P"), "PERSON P"),
    ]
  )
  func settled(settlement: ExternalChange.Settlement, text: String) async throws {
    try await PatientsDatabase.run { (database) async throws in
      func settle() async throws {
        try await database.commit { unit in
          try database.store.enqueueSettlement(.add, of: "A12345", by: settlement, in: unit)
        }
      }
      try await Self.leaveUnknown(database, .add)
      try await Self.leaveUnknown(database, .add, of: "B23456")
      try await Self.leaveUnknown(database, .remove)
      try await settle()
      let rows = "ADD A12345 no answer \(text), ADD B23456 no answer, REMOVE A12345 no answer"
      #expect(try await database.attempts() == rows)
      #expect(
        try await database.text(
          "select (settled_at between now() - interval '1 minute' and now())::text from restricted_patients_attempt where settled_at is not null"
        ) == "true"
      )
      let outcomes = try await database.store.unknownOutcomes(deadline: PatientsDatabase.deadline)
      #expect(outcomes.map(\.prisonerNumber) == ["B23456"])
      #expect(try await !Self.intend(database).hasUnknown)
      // One that is intended still is nobody's to settle; one whose time has passed is.
      try await settle()
      #expect(try await database.attempts() == rows + ", ADD A12345")
      try await database.run("update restricted_patients_attempt set expires_at = now()")
      try await settle()
      #expect(
        try await database.attempts()
          == rows + ", ADD A12345 the gateway stopped before the answer came \(text)"
      )
    }
  }

  @Test("of one change that something else has made stay, as those of no other do, and are settled once")
  func settledOne() async throws {
    try await PatientsDatabase.run { (database) async throws in
      let row = try #require(try await Self.intend(database).row)
      typealias SettledRow = RestrictedPatientsStore.SettledRow
      func settle(_ row: ExternalChangeRow, by settlement: ExternalChange.Settlement) async throws
        -> SettledRow
      {
        try await database.commit { try await database.store.settle(row, by: settlement, in: $0) }
      }
      #expect(try await settle(row, by: .event) == .settled)
      let text = "ADD A12345 the record was where it should be before the answer EVENT"
      #expect(try await database.attempts() == text)
      #expect(try await settle(row, by: .person("P")) == .settled)
      #expect(try await database.attempts() == text)
      let other = try #require(try await Self.intend(database).row)
      try await database.commit { try database.store.enqueueEnd(of: row, in: $0) }
      #expect(try await settle(row, by: .event) == .gone)
      try await database.commit { try database.store.enqueueUnknown(other, because: "no answer", in: $0) }
      #expect(try await settle(other, by: .event) == .unknown)
      #expect(try await database.attempts() == "ADD A12345 no answer")
    }
  }

  @Test("fence what they are of: once they have gone, neither insertion nor removal is made again")
  func fence() async throws {
    try await PatientsDatabase.run { (database) async throws in
      let addition = try #require(try await Self.intend(database).row)
      func insert() async throws -> Bool {
        try await database.commit { unit in
          let isNew = try await database.store.insert(try Patients.patient(), of: addition, in: unit)
          try database.store.enqueueEnd(of: addition, in: unit)
          return isNew
        }
      }
      let now = try Patients.time("2020-10-10T00:00")
      func archive(of row: ExternalChangeRow) async throws -> Bool {
        try await database.commit { unit in
          let removal = RemovalRecord(at: now, by: "U", cause: .user)
          let isGone = try await database.store.archive("A12345", removal, of: row, in: unit)
          try database.store.enqueueEnd(of: row, in: unit)
          return isGone
        }
      }
      #expect(try await insert())
      let removal = try #require(try await Self.intend(database, .remove).row)
      #expect(try await archive(of: removal))
      // The answer to the insertion's commit was lost, and it is tried again.
      #expect(try await !insert())
      #expect(try await database.find("A12345") == nil)
      try await database.insert(try Patients.patient())
      #expect(try await !archive(of: removal))
      // Nor is what others have taken for one of unknown outcome.
      let late = try #require(try await Self.intend(database, .remove, lifetime: .zero).row)
      #expect(try await Self.intend(database, .remove).expired == late)
      #expect(try await !archive(of: late))
      #expect(try await database.find("A12345") != nil)
    }
  }

  @Test("of unknown outcomes are locked for who decides, and tell what each would have done")
  func locked() async throws {
    try await PatientsDatabase.run { (database) async throws in
      func operations() async throws -> [ExternalChange.Operation] {
        try await database.commit { try await database.store.lockUnknown(of: "A12345", in: $0) }
      }
      #expect(try await operations().isEmpty)
      try await Self.leaveUnknown(database, .remove)
      // There is no record to remove.
      #expect(try await operations().isEmpty)
      try await Self.leaveUnknown(database, .add)
      try await Self.leaveUnknown(database, .add, at: "2020-10-09 12:01")
      #expect(try await operations() == [.add])
      try await database.insert(try Patients.patient())
      #expect(try await operations() == [.remove])
    }
  }

  @Test("of unknown outcomes are listed, the newest first, until the record is where they would have put it")
  func unknownOutcomes() async throws {
    try await PatientsDatabase.run { (database) async throws in
      let addition = try #require(try await Self.intend(database).row)
      try await database.commit { unit in
        try database.store.enqueueUnknown(addition, because: "no answer", in: unit)
      }
      func outcomes() async throws -> [UnknownOutcome] {
        try await database.store.unknownOutcomes(deadline: PatientsDatabase.deadline)
      }
      let outcome = try #require(try await outcomes().first)
      #expect(outcome.prisonerNumber == "A12345")
      #expect(outcome.operation == .known(.add))
      #expect(outcome.requestedBy == "U")
      #expect(outcome.reason == "no answer")
      try await database.insert(try Patients.patient())
      #expect(try await outcomes().isEmpty)
      _ = try await Self.intend(database, .remove, lifetime: .zero)
      #expect(
        try await outcomes().map { "\($0.operation.rawValue) \($0.reason)" } == [
          "REMOVE the gateway stopped before the answer came"
        ]
      )
    }
  }

  @Test("keep the event of an addition that is intended from adding the record itself")
  func echo() async throws {
    try await PatientsDatabase.run { (database) async throws in
      func insert() async throws -> Bool {
        try await database.commit { unit in
          try await database.store.insertUnlessIntended(try Patients.patient(), in: unit)
        }
      }
      let addition = try #require(try await Self.intend(database).row)
      #expect(try await !insert())
      try await database.commit { unit in
        try database.store.enqueueUnknown(addition, because: "no answer", in: unit)
      }
      #expect(try await insert())
      #expect(try await !insert())
      #expect(try await database.find("A12345") == Patients.patient())
    }
  }
}
