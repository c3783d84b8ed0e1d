import Events
import ServiceKit
internal import Time

/// Removes patients (`restricted-patients.md` §7.4), for users and for the past-date check.
struct RemovalService: Sendable {
  let search: PrisonerSearchClient
  let twoPhase: TwoPhaseChanges
  let events: RestrictedPatientEvents
  let telemetry: any Telemetry
  let london: LondonTime
  let clock: any WallClock

  /// - Parameters:
  ///   - caller: nil when nobody asks, as in the batch.
  ///   - subject: on whose behalf prison API is called.
  /// - Returns: the record as it was.
  func remove(
    _ number: String,
    by caller: String?,
    subject: String?,
    cause: ArchivedPatient.Cause,
    deadline: MonotonicInstant
  ) async throws -> RestrictedPatient {
    let now = clock.now()
    let removal = RestrictedPatientsStore.Removal(at: london.local(now), by: caller, cause: cause)
    let patient = try await twoPhase.remove(
      number,
      removal,
      subject: subject,
      event: events.removed(number, at: now),
      deadline: deadline
    ) {
      try await booking(of: number, deadline)
    }
    telemetry.track(.removed(patient))
    return patient
  }

  private func booking(of number: String, _ deadline: MonotonicInstant) async throws -> Int64 {
    let found = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await search.prisoners([number], deadline: deadline)
    }
    guard let prisoner = found.first else { throw RestrictedPatientsError.noSearchResult(number) }
    guard let bookingID = prisoner.bookingID else {
      throw RestrictedPatientsError.upstream(
        .unreadable(text: "Prisoner search gave no booking", cause: "no bookingId")
      )
    }
    return bookingID
  }
}
