import Events
import ServiceKit

/// The module's custom events (docs/contract/non-associations.md §10.3).
extension TelemetryEvent {
  static func created(_ row: NonAssociation) -> Self {
    Self(
      "Created Non-Association",
      [
        "id": String(row.id), "1stPrisoner": row.first.prisonerNumber,
        "2ndPrisoner": row.second.prisonerNumber,
      ]
    )
  }

  /// The queue has taken an audit message.
  static func audited(_ message: PublishedMessage) -> Self {
    Self(message.type, ["messageId": message.messageID, "id": message.record ?? ""])
  }

  /// A result that did not occur is the text `null`, as it always was.
  static func merged(_ entry: MergeLedger.Entry) -> Self {
    func count(_ kind: ChangeKind) -> String {
      let count = entry.steps.count { $0.step.change.kind == kind }
      return count == 0 ? "null" : String(count)
    }
    return Self(
      "Merge",
      [
        "NOMS-MERGE-FROM": entry.change.old, "NOMS-MERGE-TO": entry.change.new,
        "MERGED-RECORDS": count(.merged), "CLOSED-RECORDS": count(.closed),
        "DELETED-RECORDS": count(.deleted),
      ]
    )
  }
}
