import ModuleKit
import ServiceKit
import SharedAuth
internal import Text
internal import Time

/// What discharges and migrations have in common: prison API discharges a prisoner, and a record is added.
protocol PatientAddition: ExternalChangeKind where Admitted == Void, Checked == Void {
  var context: PatientAdditionContext { get }
  var hospitalLocationCode: String { get }

  /// The record of a patient whom prison API has in the hospital already.
  /// - Returns: nil if the release is not this change's.
  func patient(of release: ReleaseToHospital) -> RestrictedPatient?
}

/// What an addition is made with.
struct PatientAdditionContext: Sendable {
  /// On whose behalf prison API is called; nil for the service itself.
  let subject: String?
  let messages: ChangeMessages
  let prisonAPI: PrisonAPIClient
  let store: RestrictedPatientsStore
  /// Nil where the patient's prisons and hospital are not looked up.
  let agencies: AgencyDirectory?
}

extension RestrictedPatientsModule {
  func additionContext(of number: String, for caller: Principal, at now: Timestamp) -> PatientAdditionContext
  {
    PatientAdditionContext(
      subject: caller.onBehalf,
      messages: messages.added(number, at: now),
      prisonAPI: prisonAPI,
      store: store,
      agencies: checksAgencies ? agencies : nil
    )
  }
}

extension PatientAddition {
  static var operation: ExternalChange.Operation { .add }

  var messages: ChangeMessages { context.messages }
  var overtaken: RestrictedPatientsError? { .existingPatient(prisonerNumber) }

  /// - Throws: the rule `EXISTING_PATIENT` if there is a record, and only then.
  func admit(
    _ found: IntendedChange,
    awaited: RestrictedPatient?
  ) throws(RestrictedPatientsError) -> Void? {
    guard found.patient == nil else { throw .existingPatient(prisonerNumber) }
    return ()
  }

  func ask(
    _ admitted: Void,
    before deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> RestrictedPatient? {
    let movements = try await context.prisonAPI.latestMovements(prisonerNumber, deadline: deadline)
    guard let release = ReleaseToHospital(movements), let destination = release.destination,
      destination.hasSameBytes(as: hospitalLocationCode)
    else { return nil }
    return patient(of: release)
  }

  func tell(
    _ patient: RestrictedPatient,
    _ checked: Void,
    before deadline: MonotonicInstant
  ) async throws(UpstreamFailure) {
    try await context.prisonAPI.discharge(patient, user: context.subject, deadline: deadline)
  }

  func record(
    _ patient: RestrictedPatient,
    of row: ExternalChangeRow,
    in unit: UnitOfWork
  ) async throws -> Bool {
    try await context.store.insert(patient, of: row, in: unit)
  }

  /// - Throws: `invalid` for agencies that prison API does not know, `upstream`.
  func checkAgencies(of patient: RestrictedPatient, before deadline: MonotonicInstant) async throws {
    guard let agencies = context.agencies else { return }
    try await KnownAgencies.check(patient, in: agencies, before: deadline)
  }
}
