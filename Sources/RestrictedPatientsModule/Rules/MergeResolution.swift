import ServiceKit

/// What a person decides about the records of a merge (docs/contract/restricted-patients.md §11).
enum MergeResolution: String, CaseIterable, Sendable {
  /// The record of the removed number goes: the prisoner is back in prison or free, or has another record.
  case dropRemoved = "DROP_REMOVED"
  /// The record of the kept number goes: the prisoner is back in prison or free.
  case dropKept = "DROP_KEPT"
  /// Both records go.
  case dropBoth = "DROP_BOTH"
  /// The record of the removed number gets the kept number: the prisoner is in hospital still.
  case move = "MOVE"
  /// The record of the kept number stays as it is.
  case keep = "KEEP"

  /// What can be decided, from where there are records.
  static func choices(for records: MergedRecords) -> [MergeResolution] {
    switch (records.removed != nil, records.kept != nil) {
    case (true, true): [.dropRemoved, .dropBoth]
    case (true, false): [.dropRemoved, .move]
    case (false, true): [.dropKept, .keep]
    case (false, false): []
    }
  }

  /// - Throws: the rule `RESOLUTION_NOT_POSSIBLE` if the records are not where the decision wants them.
  func check(against records: MergedRecords) throws(RestrictedPatientsError) {
    let choices = Self.choices(for: records)
    guard choices.contains(self) else {
      throw .resolutionImpossible(choices: choices.map(\.rawValue))
    }
  }

  /// The numbers whose records go, in the order in which this is told.
  func removals(removed: String, kept: String) -> [String] {
    switch self {
    case .dropRemoved: [removed]
    case .dropKept: [kept]
    case .dropBoth: [removed, kept]
    case .move, .keep: []
    }
  }

  /// What the API's description says of it.
  static let schema = APISchema.choice(allCases.map(\.rawValue), "What becomes of the records")
}

extension StuckMerge {
  /// What can be decided about it.
  var choices: [MergeResolution] { MergeResolution.choices(for: records) }
}
