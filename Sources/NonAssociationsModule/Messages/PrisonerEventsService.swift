import Events
import Logging
import ServiceKit
internal import Text
internal import Time

/// What events of others do to non-associations: a prisoner whose number changed takes their rows along
/// (`non-associations.md` §11). An event handled twice changes nothing the second time, and two at the same time wait
/// for each other's rows.
struct PrisonerEventsService: Sendable {
  /// Well within the 30 seconds for which the queue hides a message.
  private static let timeout = Duration.seconds(20)

  let store: NonAssociationsStore
  /// What a changed row tells, as a change over HTTP does; nil for nothing.
  let events: NonAssociationEvents?
  let telemetry: any Telemetry
  let london: LondonTime
  let clock: any WallClock
  let logger: Logger

  func subscribe(to bus: EventBus, as name: String) {
    bus.subscribe(to: PrisonerMerged.self, as: name) { event in
      try await carryOut(
        NumberChange(
          old: event.removed,
          new: event.kept,
          occurredAt: event.occurredAt,
          cause: PrisonerMerged.type
        )
      )
    }
    bus.subscribe(to: BookingMoved.self, as: name) { event in
      try await carryOut(
        NumberChange(
          old: event.from,
          new: event.to,
          from: event.start.map(london.instant),
          until: event.start == nil ? nil : event.occurredAt,
          occurredAt: event.occurredAt,
          cause: BookingMoved.type
        )
      )
    }
    bus.subscribe(to: UnexpectedEvent.self, as: name) { event in
      logger.debug("Unexpected event received: \(event.type)")
    }
  }

  private func carryOut(_ change: NumberChange) async throws {
    // The rule would close every open row, each a duplicate of itself.
    guard !change.old.hasSameBytes(as: change.new) else { return }
    let now = clock.now()
    let merges = try await store.merge(
      change,
      deadline: .now() + Self.timeout,
      announce: { change, row in events?.announcement(of: change, to: row) },
      plan: { change, rows, ids in MergePlan(number: change, now: now).steps(rows, of: ids) }
    )
    for merge in merges { telemetry.track(Self.summary(of: merge.steps, merge.change)) }
  }

  /// §10.3. A result that did not occur is the text `null`, as it always was.
  private static func summary(of steps: [MergePlan.Step], _ number: NumberChange) -> TelemetryEvent {
    func count(_ kind: ChangeKind) -> String {
      let count = steps.count { $0.change.kind == kind }
      return count == 0 ? "null" : String(count)
    }
    return TelemetryEvent(
      "Merge",
      [
        "NOMS-MERGE-FROM": number.old, "NOMS-MERGE-TO": number.new, "MERGED-RECORDS": count(.merged),
        "CLOSED-RECORDS": count(.closed), "DELETED-RECORDS": count(.deleted),
      ]
    )
  }
}
