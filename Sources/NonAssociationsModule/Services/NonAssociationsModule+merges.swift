import Events
import Logging
import ModuleKit
import ServiceKit
internal import Text
internal import Time

/// What events of others do to non-associations: a prisoner whose number changed takes their rows along
/// (docs/contract/non-associations.md §11). An event handled twice changes nothing the second time, and two at the same
/// time wait for each other.
extension NonAssociationsModule {
  /// Well within the 30 seconds for which the queue hides a message.
  private static let mergeTimeout = Duration.seconds(20)

  func hear(_ merge: PrisonerMerged) async throws {
    try await carryOut(
      NumberChange(
        old: merge.removed,
        new: merge.kept,
        occurredAt: merge.occurredAt,
        cause: PrisonerMerged.type
      )
    )
  }

  func hear(_ move: BookingMoved) async throws {
    try await carryOut(
      NumberChange(
        old: move.from,
        new: move.to,
        from: move.start.map(london.instant),
        until: move.start == nil ? nil : move.occurredAt,
        occurredAt: move.occurredAt,
        cause: BookingMoved.type
      )
    )
  }

  private func carryOut(_ change: NumberChange) async throws {
    // The rule would close every open row, each a duplicate of itself.
    guard !change.old.hasSameBytes(as: change.new) else { return }
    let (from, until) = (
      change.from.map { london.local($0).text }, change.until.map { london.local($0).text }
    )
    // These lines are worded as the service replaced did (docs/contract/adoption.md §3).
    telemetry.trace(
      TelemetryTrace(
        .information,
        "Replacing prisoner number \(change.old) to \(change.new) "
          + "(created between \(from ?? "whenever") and \(until ?? "now"))",
        summary: "Replacing a prisoner number (created between \(from ?? "whenever") and \(until ?? "now"))"
      )
    )
    let now = clock.now()
    let entries = try await changes.commit(within: Self.mergeTimeout, inTurn: numberChanges) { unit in
      try store.enqueueMergeLock(in: unit)
      try store.enqueueNumberChange(change, in: unit)
      var later: [NumberChange] = []
      if let occurredAt = change.occurredAt {
        later = try await store.laterChanges(of: change.new, after: occurredAt, in: unit)
      }
      let ledger = MergeLedger(change: change, later: later, now: now)
      let rows = try await store.lock(ledger.numbers, open: ledger.openNumbers, in: unit)
      let entries = ledger.entries(rows)
      for step in entries.flatMap(\.steps) { try carryOut(step, in: unit) }
      return entries
    }
    for entry in entries {
      logger.info("Merge results: \(entry.results)")
      telemetry.track(.merged(entry))
    }
  }

  private func carryOut(_ step: MergeLedger.Step, in unit: UnitOfWork) throws {
    let (row, change) = (step.step.row, step.step.change)
    if change.kind == .deleted {
      try store.enqueueDelete(row.id, change, in: unit)
    } else {
      try store.enqueueSave(row, of: step.original, change, in: unit)
    }
    if tellsOfMerges { unit.tell(messages.changed(row, by: change)) }
  }
}

extension MergeLedger.Entry {
  /// Which rows became what, by their ids.
  fileprivate var results: String {
    [("merged", ChangeKind.merged), ("closed", .closed), ("deleted", .deleted)].map { word, kind in
      "\(word) \(steps.filter { $0.step.change.kind == kind }.map(\.step.row.id))"
    }.joined(separator: ", ")
  }
}
