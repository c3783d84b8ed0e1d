import Events
import ServiceKit
internal import Time

/// What waits for a person: merges of patients (`restricted-patients.md` §11), and changes of which nobody knows whether
/// prison API made them.
struct AdministrationService: Sendable {
  let store: RestrictedPatientsStore
  let events: RestrictedPatientEvents
  let telemetry: any Telemetry
  let london: LondonTime
  let clock: any WallClock

  func stuckMerges(deadline: MonotonicInstant) async throws -> [StuckMerge] {
    try await store.stuckMerges(deadline: deadline)
  }

  /// Applies a decision; the merge's message is acknowledged at its next delivery.
  /// - Returns: the time of the decision.
  func resolve(
    removed: String,
    kept: String,
    _ resolution: MergeResolution,
    by caller: Caller,
    deadline: MonotonicInstant
  ) async throws -> LocalDateTime {
    try caller.check()
    try Width.check(kept, "kept", Width.prisonerNumber)
    let now = clock.now()
    let local = london.local(now)
    try await store.resolveMerge(
      removed: removed,
      kept: kept,
      resolution,
      by: caller.name,
      at: local,
      deadline: deadline,
      removedEvent: { events.removed($0, at: now) },
      addedEvent: { events.added($0, at: now) }
    )
    telemetry.track(
      .mergeResolved(removed: removed, kept: kept, resolution.rawValue, by: caller.name)
    )
    return local
  }

  func unknownOutcomes(deadline: MonotonicInstant) async throws -> [UnknownOutcome] {
    try await store.unknownOutcomes(deadline: deadline)
  }
}
