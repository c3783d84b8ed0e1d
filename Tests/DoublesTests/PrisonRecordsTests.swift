import Synchronization
import Testing
import Time

@testable import Doubles

@Suite("Records of the doubles")
struct PrisonRecordsTests {
  private static func release(_ number: String) -> SampleMovement {
    SampleMovement(
      fromAgency: "MDI",
      toAgency: "HAZLWD",
      type: "REL",
      reason: "HP",
      date: "2026-01-15",
      time: "10:20:30"
    )
  }

  private func expectSame(_ records: PrisonRecords, _ others: PrisonRecords) {
    #expect(records.now.prisoners == others.now.prisoners)
    #expect(records.now.movements == others.now.movements)
  }

  @Test("What has become of the prisoners is kept after each change, and is so again in other records")
  func changes() throws {
    let records = PrisonRecords(clock: SystemClock())
    #expect(String(decoding: records.changes, as: UTF8.self) == #"{"version":1,"gone":[],"changed":[]}"#)
    let kept = Mutex<[[UInt8]]>([])
    records.keeper = { changes in kept.withLock { $0.append(changes) } }
    records.record(Self.release("R4001MV"), of: "R4001MV")
    _ = try records.discharge("B2345CD", Self.release("B2345CD"))
    let booking = try #require(records.prisoner("N3457PQ")?.bookingID)
    _ = try records.moveInactive(
      booking: booking,
      SampleMovement(
        fromAgency: "HAZLWD",
        toAgency: "OUT",
        type: "REL",
        reason: "CR",
        date: "2026-01-16",
        time: "10:20:30"
      )
    )
    _ = try records.merge(removed: "A1234BC", kept: "M2346NP")
    _ = try records.moveBooking(from: "E5678FG", to: "L1235MN")
    let all = kept.withLock { $0 }
    #expect(all.count == 5 && all.last == records.changes)
    let again = try PrisonRecords(changes: #require(all.last), clock: SystemClock())
    expectSame(again, records)
    #expect(again.prisoner("A1234BC") == nil && again.prisoner("M2346NP")?.prisonID == "MDI")
    #expect(again.movement(of: "E5678FG") == nil && again.prisoner("E5678FG")?.bookingID == nil)
    #expect(again.changes == records.changes)
    let text = String(decoding: records.changes, as: UTF8.self)
    #expect(!text.contains("C3456DE"), "who has not changed is not kept")
  }

  @Test("A change that is refused is not kept")
  func refused() {
    let records = PrisonRecords(clock: SystemClock())
    records.keeper = { _ in Issue.record("kept") }
    #expect(throws: RecordsRefusal.self) { try records.merge(removed: "A1234BC", kept: "Z9999ZZ") }
    #expect(throws: RecordsRefusal.self) { try records.discharge("M2346NP", Self.release("M2346NP")) }
  }

  @Test(
    "What cannot be taken up again is refused in words that say why",
    arguments: [
      ("", "end"), ("{", "expected a property name"), ("[]", "expected an object"),
      ("{}", "property version must be a number"),
      (#"{"version":2,"gone":[],"changed":[]}"#, "property version is 2, and this program reads 1 only"),
      (#"{"version":1,"changed":[]}"#, "property gone is required"),
      (#"{"version":1,"gone":[]}"#, "property changed is required"),
      (#"{"version":1,"gone":[],"changed":[{}]}"#, "property prisonerNumber is required"),
      (#"{"version":1,"gone":[],"changed":[{"prisonerNumber":"Z9999ZZ"}]}"#, "names Z9999ZZ"),
      (#"{"version":1,"gone":[],"changed":[{"prisonerNumber":"A1234BC"}]}"#, "property recall is required"),
      (
        #"{"version":1,"gone":[],"changed":[{"prisonerNumber":"A1234BC","bookingId":"x"}]}"#,
        "property bookingId must be a number"
      ),
    ]
  )
  func unreadable(text: String, reason: String) throws {
    let error = try #require(throws: PrisonRecords.UnreadableChanges.self) {
      try PrisonRecords(changes: Array(text.utf8), clock: SystemClock())
    }
    #expect(error.description.contains(reason), "\(error)")
  }
}
