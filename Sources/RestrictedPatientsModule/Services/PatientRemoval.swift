import ModuleKit
import ServiceKit
internal import Time

/// The removal of a patient (docs/contract/restricted-patients.md §7.4), for users and for the past-date check: prison API
/// records the release, and the record goes to the archive.
struct PatientRemoval: ExternalChangeKind {
  static let operation = ExternalChange.Operation.remove

  let prisonerNumber: String
  let removal: RemovalRecord
  /// On whose behalf prison API is called; nil for the service itself.
  let subject: String?
  let messages: ChangeMessages
  let search: PrisonerSearchClient
  let prisonAPI: PrisonAPIClient
  let store: RestrictedPatientsStore

  var requestedBy: String? { removal.by }
  /// A record that is gone is where it should be.
  var overtaken: RestrictedPatientsError? { nil }

  /// - Throws: `notFound` without a record.
  func admit(
    _ found: IntendedChange,
    awaited: RestrictedPatient?
  ) throws(RestrictedPatientsError) -> RestrictedPatient? {
    guard found.patient == nil, awaited == nil else { return found.patient }
    throw .notFound(prisonerNumber)
  }

  /// - Returns: the prisoner's booking.
  /// - Throws: `noSearchResult` if prisoner search does not know the prisoner, `upstream`.
  func check(
    _ admitted: RestrictedPatient,
    before deadline: MonotonicInstant
  ) async throws -> (patient: RestrictedPatient, checked: Int64) {
    let found = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await search.prisoners([prisonerNumber], deadline: deadline)
    }
    guard let prisoner = found.first else { throw RestrictedPatientsError.noSearchResult(prisonerNumber) }
    guard let bookingID = prisoner.bookingID else {
      throw RestrictedPatientsError.upstream(
        .unreadable(text: "Prisoner search gave no booking", cause: "no bookingId")
      )
    }
    return (admitted, bookingID)
  }

  func ask(
    _ admitted: RestrictedPatient,
    before deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> RestrictedPatient? {
    let movements = try await prisonAPI.latestMovements(prisonerNumber, deadline: deadline)
    return FinalRelease.isRecorded(of: admitted, in: movements) ? admitted : nil
  }

  func tell(
    _ patient: RestrictedPatient,
    _ bookingID: Int64,
    before deadline: MonotonicInstant
  ) async throws(UpstreamFailure) {
    try await prisonAPI.recordRelease(
      bookingID: bookingID,
      from: patient.hospitalLocationCode,
      at: removal.at,
      user: subject,
      deadline: deadline
    )
  }

  func record(
    _ patient: RestrictedPatient,
    of row: ExternalChangeRow,
    in unit: UnitOfWork
  ) async throws -> Bool {
    try await store.archive(prisonerNumber, removal, of: row, in: unit)
  }

  /// The past-date check has one event for all (docs/contract/adoption.md §8 row AD-11).
  func telemetry(_ patient: RestrictedPatient) -> TelemetryEvent? {
    removal.cause == .user ? .removed(patient) : nil
  }
}
