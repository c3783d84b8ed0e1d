import Events
internal import JSON
import Logging
import ModuleKit
import ServiceKit
internal import Text
internal import Time

/// Two records of one prisoner became one: `removed` is no more, `kept` is (docs/contract/restricted-patients.md §10.1).
struct PrisonerMerged: BusEvent, Equatable {
  static let type = "prison-offender-events.prisoner.merged"

  let removed: String
  let kept: String

  init(removed: String, kept: String) { (self.removed, self.kept) = (removed, kept) }

  init(_ message: JSONObject) throws(JSONObjectError) {
    let details = try message.object("additionalInformation")
    removed = try details.requiredScalar("removedNomsNumber")
    kept = try details.requiredScalar("nomsNumber")
  }
}

/// A merge that touches a patient: a person must say what becomes of the record (docs/contract/restricted-patients.md
/// §10.1, §11). The message fails until then.
struct MergeNotImplemented: Error, Equatable, CustomStringConvertible {
  /// The contract's text, which names both prisoners: for Application Insights and debug logs only.
  let message: String

  var description: String {
    "Merge not implemented: a restricted patient is concerned; see GET /restricted-patients/merges"
  }

  /// - Parameter patient: whose record is in the way.
  init(_ merge: PrisonerMerged, concerns patient: RestrictedPatient) {
    let (removed, kept, hospital) = (merge.removed, merge.kept, patient.hospitalLocationCode)
    message =
      patient.prisonerNumber.hasSameBytes(as: removed)
      ? "Merge not implemented. Patient \(removed) was at hospital \(hospital) but record merged into \(kept)"
      // Two blanks before "Record": so it always was.
      : "Merge not implemented. Patient \(kept) is at hospital \(hospital).  Record merged from \(removed)"
  }
}

extension RestrictedPatientsModule {
  /// Neither number has a record, or a person has decided: done. Else the merge is written down, and fails.
  func hear(_ merge: PrisonerMerged) async throws {
    let deadline = deadlineOfMessage
    let found = try await store.detectMerge(removed: merge.removed, kept: merge.kept, deadline: deadline)
    guard !found.isResolved, let patient = found.records.inTheWay else {
      return logger.debug("a merge concerns no restricted patient, or is resolved")
    }
    let now = london.local(clock.now())
    let deliveries = try await changes.commit(before: deadline) { unit in
      try await store.recordMerge(removed: merge.removed, kept: merge.kept, at: now, in: unit)
    }
    if deliveries == 1 { telemetry.track(.mergeStuck(removed: merge.removed, kept: merge.kept)) }
    let error = MergeNotImplemented(merge, concerns: patient)
    telemetry.trace(TelemetryTrace(.error, error.message, summary: "\(error)"))
    throw error
  }
}
