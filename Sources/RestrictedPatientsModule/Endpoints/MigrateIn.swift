import HTTPTypes
internal import JSON
import ModuleKit
import ServiceKit
import SharedAuth
internal import Time

extension RestrictedPatientsModule {
  static let migrateIn = Endpoint(
    .post,
    "/migrate-in-restricted-patient",
    .setting(.migrate),
    .patients(
      "migrateInPatient",
      "Create a restricted patient of a prisoner who was released to a hospital earlier",
      "Where the deployment checks agencies, 400 too for a prison or hospital that prison API does not list as such."
    ),
    takes: .path(.none, body: MigrateRequest.self),
    answer: .object(PatientDetails.Shape.self, "The restricted patient is created", status: .created)
      .describedAsAnyType,
    refusals: [
      .invalid, .existingPatient, .noMovements, .multipleMovements, .notReleased, .noFromAgency,
      .dischargeTimeInvalid, .underWay, .outcomeUnknown,
    ]
  ) { module, call in
    PatientDetails(
      unresolved: try await module.migrateIn(call.body, by: call.caller, before: call.deadline)
    )
  }

  /// docs/contract/restricted-patients.md §7.2.
  private func migrateIn(
    _ request: MigrateRequest,
    by caller: Principal,
    before deadline: MonotonicInstant
  ) async throws -> RestrictedPatient {
    let author = try Author.name(caller)
    let now = clock.now()
    return try await externalChanges.make(
      Migration(
        request: request,
        author: author,
        now: london.local(now),
        context: additionContext(of: request.offenderNo, for: caller, at: now)
      ),
      before: deadline
    )
  }
}

/// The body of a migration (docs/contract/restricted-patients.md §7.2).
struct MigrateRequest: ObjectBody, Equatable {
  static let schemaName = "MigrateInRequest"
  static let comment = "Historical discharge to hospital added to restricted patients"

  var offenderNo: String
  var hospitalLocationCode: String

  init(_ body: inout BodyFields) throws(JSONObjectError) {
    offenderNo = try body.text("offenderNo", .prisonerNumber)
    hospitalLocationCode = try body.text("hospitalLocationCode", .hospital)
  }

  /// The record that the migration makes.
  func patient(_ release: HistoricalRelease, by user: String, at now: LocalDateTime) -> RestrictedPatient {
    RestrictedPatient(
      prisonerNumber: offenderNo,
      fromLocationID: release.prison,
      hospitalLocationCode: hospitalLocationCode,
      supportingPrisonID: release.prison,
      dischargeTime: release.time,
      commentText: Self.comment,
      createdAt: now,
      createdBy: user,
      modifiedAt: now,
      modifiedBy: user
    )
  }
}

/// The migration of a prisoner who is in hospital already, as an external change.
private struct Migration: PatientAddition {
  let request: MigrateRequest
  let author: String
  let now: LocalDateTime
  let context: PatientAdditionContext

  var prisonerNumber: String { request.offenderNo }
  var requestedBy: String? { author }
  var hospitalLocationCode: String { request.hospitalLocationCode }

  /// - Throws: the rule that the prisoner's movements do not meet, `invalid` for agencies that prison API does not know,
  ///   `upstream`.
  func check(
    _ admitted: Void,
    before deadline: MonotonicInstant
  ) async throws -> (patient: RestrictedPatient, checked: Void) {
    let movements = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await context.prisonAPI.latestMovements(prisonerNumber, deadline: deadline)
    }
    let release = try HistoricalRelease(movements, of: prisonerNumber)
    let patient = request.patient(release, by: author, at: now)
    try await checkAgencies(of: patient, before: deadline)
    return (patient, ())
  }

  func patient(of release: ReleaseToHospital) -> RestrictedPatient? {
    let release = try? HistoricalRelease([release.movement], of: prisonerNumber)
    return release.map { request.patient($0, by: author, at: now) }
  }

  func telemetry(_ patient: RestrictedPatient) -> TelemetryEvent? { .migrated(patient) }
}
