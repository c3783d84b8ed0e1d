import HTTPTypes
internal import JSON
import ModuleKit
import ServiceKit
import SharedAuth
internal import Time

extension RestrictedPatientsModule {
  static let resolveMerge = Endpoint(
    .post,
    "/restricted-patients/merges/{removed}/{kept}/resolve",
    .setting(.administration),
    .administration("resolveMerge", "Decide what becomes of the records of a merge"),
    takes: .path(
      .texts("removed", .text(example: "A1234AA"), "kept", .text(example: "B1234BB")),
      body: ResolveMergeRequest.self
    ),
    answer: .object(ResolvedMerge.Shape.self, "The decision, which is carried out"),
    refusals: [.invalid, .resolutionImpossible, .noStuckMerge]
  ) { module, call in
    try await module.resolveMerge(
      of: call.path.0,
      into: call.path.1,
      call.body.resolution,
      by: call.caller,
      before: call.deadline
    )
  }

  /// Applies a person's decision about a merge (docs/contract/restricted-patients.md §11): everything of it, or nothing. The
  /// merge's message is acknowledged at its next delivery.
  private func resolveMerge(
    of removed: String,
    into kept: String,
    _ resolution: MergeResolution,
    by caller: Principal,
    before deadline: MonotonicInstant
  ) async throws -> ResolvedMerge {
    let author = try Author.name(caller)
    try ColumnLimit.check(kept, "kept", ColumnLimit.prisonerNumber)
    let now = clock.now()
    let local = london.local(now)
    try await changes.commit(before: deadline) { unit in
      guard let records = try await store.lockMerge(removed: removed, kept: kept, in: unit) else {
        throw RestrictedPatientsError.noStuckMerge(removed: removed, kept: kept)
      }
      try resolution.check(against: records)
      let removal = RemovalRecord(at: local, by: author, cause: .merge)
      for number in resolution.removals(removed: removed, kept: kept) {
        try store.enqueueArchive(number, removal, in: unit)
        unit.tell(messages.removed(number, at: now))
      }
      if resolution == .move {
        try store.enqueueRename(removed, to: kept, by: author, at: local, in: unit)
        unit.tell(messages.removed(removed, at: now))
        unit.tell(messages.added(kept, at: now))
      }
      try store.enqueueResolution(
        resolution,
        removed: removed,
        kept: kept,
        by: author,
        at: local,
        in: unit
      )
    }
    telemetry.track(.mergeResolved(removed: removed, kept: kept, resolution.rawValue, by: author))
    return ResolvedMerge(
      removedNumber: removed,
      keptNumber: kept,
      resolution: resolution,
      resolvedAt: local,
      resolvedBy: author
    )
  }
}

/// The body of a decision.
struct ResolveMergeRequest: ObjectBody, Equatable {
  static let schemaName = "ResolveMergeRequest"

  let resolution: MergeResolution

  init(_ body: inout BodyFields) throws(JSONObjectError) {
    resolution = try body.choice("resolution", "What becomes of the records")
  }
}

/// A merge that is decided.
private struct ResolvedMerge: Sendable {
  let removedNumber: String
  let keptNumber: String
  let resolution: MergeResolution
  let resolvedAt: LocalDateTime
  let resolvedBy: String

  enum Shape: ObjectShape {
    typealias Value = ResolvedMerge
    static let name: String? = "ResolvedMerge"

    static func declare(_ json: inout some ObjectDescriber<ResolvedMerge>) {
      json.text("removedPrisonerNumber") { $0.removedNumber }
      json.text("keptPrisonerNumber") { $0.keptNumber }
      json.text("resolution", MergeResolution.schema) { $0.resolution.rawValue }
      json.localTime("resolvedDateTime", .londonTime("When the decision was made")) { $0.resolvedAt }
      json.text("resolvedUserId") { $0.resolvedBy }
    }
  }
}
