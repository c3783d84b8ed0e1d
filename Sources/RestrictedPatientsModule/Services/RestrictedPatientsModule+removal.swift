import ModuleKit
import ServiceKit
import SharedAuth
internal import Time

extension RestrictedPatientsModule {
  /// Removes a patient (docs/contract/restricted-patients.md §7.4), for users and for the past-date check.
  /// - Parameters:
  ///   - caller: nil when nobody asks, as in the batch.
  /// - Returns: the record as it was.
  @discardableResult
  func removePatient(
    _ number: String,
    by caller: Principal?,
    because cause: ArchivedPatient.Cause,
    before deadline: MonotonicInstant
  ) async throws -> RestrictedPatient {
    let now = clock.now()
    let removal = PatientRemoval(
      prisonerNumber: number,
      removal: RemovalRecord(at: london.local(now), by: caller?.name, cause: cause),
      subject: caller?.onBehalf,
      messages: messages.removed(number, at: now),
      search: prisonerSearch,
      prisonAPI: prisonAPI,
      store: store
    )
    return try await externalChanges.make(removal, before: deadline)
  }
}
