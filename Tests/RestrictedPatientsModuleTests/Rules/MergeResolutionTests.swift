import Testing

@testable import RestrictedPatientsModule

@Suite("What can be decided of a merge (docs/contract/restricted-patients.md §11)")
struct MergeResolutionTests {
  private static func records(removed: Bool, kept: Bool) throws -> MergedRecords {
    MergedRecords(
      removed: removed ? try Patients.patient("A12345") : nil,
      kept: kept ? try Patients.patient("A23456") : nil
    )
  }

  @Test(
    "follows from where there are records",
    arguments: [
      (true, true, ["DROP_REMOVED", "DROP_BOTH"]), (true, false, ["DROP_REMOVED", "MOVE"]),
      (false, true, ["DROP_KEPT", "KEEP"]), (false, false, []),
    ]
  )
  func choices(removed: Bool, kept: Bool, expected: [String]) throws {
    let records = try Self.records(removed: removed, kept: kept)
    #expect(MergeResolution.choices(for: records).map(\.rawValue) == expected)
    for resolution in MergeResolution.allCases {
      if expected.contains(resolution.rawValue) {
        try resolution.check(against: records)
        continue
      }
      #expect(
        throws: RestrictedPatientsError.resolutionImpossible(
          choices: MergeResolution.choices(for: records).map(\.rawValue)
        )
      ) {
        try resolution.check(against: records)
      }
    }
  }

  @Test("names the records that go, in the order in which this is told")
  func removals() {
    let removals = MergeResolution.allCases.map { $0.removals(removed: "A12345", kept: "A23456") }
    #expect(removals == [["A12345"], ["A23456"], ["A12345", "A23456"], [], []])
  }

  @Test("concerns the record of the removed number first")
  func inTheWay() throws {
    #expect(try Self.records(removed: true, kept: true).inTheWay?.prisonerNumber == "A12345")
    #expect(try Self.records(removed: false, kept: true).inTheWay?.prisonerNumber == "A23456")
    #expect(try Self.records(removed: false, kept: false).inTheWay == nil)
  }
}
