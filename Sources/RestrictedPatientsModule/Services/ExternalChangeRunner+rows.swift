import Logging
import ModuleKit
import ServiceKit
internal import Time

/// What becomes of the rows of external changes that are not recorded.
extension ExternalChangeRunner {
  /// Lets the row go: nothing has changed.
  func refuse(_ row: ExternalChangeRow?) async {
    guard let row else { return }
    do {
      try await changes.commit(before: clock.now() + ExternalChange.recordingTime) { unit in
        try store.enqueueEnd(of: row, in: unit)
      }
    } catch {
      // It expires by itself, and shows as unknown then.
      logger.error("an attempt could not be struck out", metadata: ["attempt": "\(row.id)"])
    }
  }

  /// Keeps the row for a person to see.
  func markUnknown(_ row: ExternalChangeRow?, because reason: String) async {
    guard let row else { return }
    noteUnknown(row, because: reason)
    do {
      try await changes.commit(before: clock.now() + ExternalChange.recordingTime) { unit in
        try store.enqueueUnknown(row, because: reason, in: unit)
      }
    } catch {
      logger.error("an attempt could not be marked", metadata: ["attempt": "\(row.id)"])
    }
  }

  /// Tells operators that an outcome is unknown.
  func noteUnknown(_ row: ExternalChangeRow, because reason: String) {
    logger.error(
      "nobody knows whether prison API has made a change: see GET /restricted-patients/unknown-outcomes",
      metadata: [
        "attempt": "\(row.id)", "operation": "\(row.operation.rawValue)", "reason": "\(reason)",
      ]
    )
    telemetry.track(.outcomeUnknown(row.prisonerNumber, row.operation.rawValue))
  }

  /// Queues that changes whose outcome was unknown are settled.
  func settle(
    _ operation: ExternalChange.Operation,
    of number: String,
    by settlement: ExternalChange.Settlement,
    in unit: UnitOfWork
  ) throws {
    var left = ExternalChange(operation, left: .unknown)
    guard case .settle(let settlement) = left.on(.decided(settlement), at: clock.now()) else { return }
    try store.enqueueSettlement(operation, of: number, by: settlement, in: unit)
  }
}
