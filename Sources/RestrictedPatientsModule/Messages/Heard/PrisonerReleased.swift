import Events
internal import JSON
import Logging
import ModuleKit
import ServiceKit
internal import Time

/// A prisoner left prison (docs/contract/restricted-patients.md §10.2).
struct PrisonerReleased: BusEvent, Equatable {
  static let type = "prisoner-offender-search.prisoner.released"

  let number: String
  let reason: String

  init(number: String, reason: String) { (self.number, self.reason) = (number, reason) }

  init(_ message: JSONObject) throws(JSONObjectError) {
    let details = try message.object("additionalInformation")
    number = try details.requiredScalar("nomsNumber")
    reason = try details.requiredScalar("reason")
  }
}

extension RestrictedPatientsModule {
  /// Whether there is a record already is asked first: it costs nothing (docs/contract/restricted-patients.md §14 row 21).
  func hear(_ event: PrisonerReleased) async throws {
    guard event.reason == "RELEASED_TO_HOSPITAL" else { return }
    let (number, deadline) = (event.number, deadlineOfMessage)
    guard try await store.find(number, deadline: deadline) == nil else {
      return ignoreRelease(of: number, "as they are already a restricted patient")
    }
    let movements = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await prisonAPI.latestMovements(number, deadline: deadline)
    }
    guard let release = ReleaseToHospital(movements) else {
      return ignoreRelease(of: number, "as last movement not to a hospital")
    }
    guard let hospital = try await hospital(release.destination, before: deadline) else {
      let reason = "due to unrecognised hospital \(release.destination ?? "null")"
      return ignoreRelease(of: number, reason, .error)
    }
    let now = clock.now()
    let patient = try release.patient(number, in: hospital, at: london.local(now))
    let isNew = try await changes.commit(before: deadline) { unit in
      guard try await store.insertUnlessIntended(patient, in: unit) else {
        // An addition of ours is in progress, and the event is the echo of its call: the addition will tell of the patient
        // itself. If it comes to nothing, the event's next delivery adds the record.
        guard try await store.find(number, in: unit) != nil else {
          throw RestrictedPatientsError.underWay(number)
        }
        return false
      }
      try externalChanges.settle(.add, of: number, by: .event, in: unit)
      unit.tell(messages.added(number, at: now))
      return true
    }
    guard isNew else { return ignoreRelease(of: number, "as they are already a restricted patient") }
    telemetry.track(.addedByEvent(patient))
  }

  private func hospital(_ id: String?, before deadline: MonotonicInstant) async throws -> Agency? {
    guard let id else { return nil }
    let agency = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await prisonAPI.agency(id, deadline: deadline)
    }
    return agency.flatMap { $0.isHospital ? $0 : nil }
  }

  private func ignoreRelease(
    of number: String,
    _ reason: String,
    _ severity: TelemetrySeverity = .information
  ) {
    telemetry.trace(
      TelemetryTrace(
        severity,
        "Ignoring release of prisoner \(number) \(reason)",
        summary: "Ignoring release of prisoner \(reason)"
      )
    )
  }
}
