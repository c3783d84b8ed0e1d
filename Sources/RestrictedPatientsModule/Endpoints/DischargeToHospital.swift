import HTTPTypes
internal import JSON
import ModuleKit
import ServiceKit
import SharedAuth
internal import Text
internal import Time

extension RestrictedPatientsModule {
  static let discharge = Endpoint(
    .post,
    "/discharge-to-hospital",
    .setting(.discharge),
    .patients(
      "dischargeToHospital",
      "Discharge a prisoner to a hospital",
      "Where the deployment checks agencies, 400 too for a prison or hospital that prison API does not list as such, "
        + "and for a time in the future."
    ),
    takes: .path(.none, body: DischargeRequest.self),
    answer: .object(PatientDetails.Shape.self, "The restricted patient is created", status: .created)
      .describedAsAnyType,
    refusals: [.invalid, .existingPatient, .noActivePrisoner, .underWay, .outcomeUnknown]
  ) { module, call in
    PatientDetails(
      unresolved: try await module.discharge(call.body, by: call.caller, before: call.deadline)
    )
  }

  /// docs/contract/restricted-patients.md §7.1.
  private func discharge(
    _ request: DischargeRequest,
    by caller: Principal,
    before deadline: MonotonicInstant
  ) async throws -> RestrictedPatient {
    let author = try Author.name(caller)
    let now = clock.now()
    let local = london.local(now)
    if checksAgencies, let time = request.dischargeTime, time > local {
      throw RestrictedPatientsError.invalid("dischargeTime must not be in the future")
    }
    return try await externalChanges.make(
      Discharge(
        patient: request.patient(by: author, at: local),
        context: additionContext(of: request.offenderNo, for: caller, at: now)
      ),
      before: deadline
    )
  }
}

/// The body of a discharge to hospital (docs/contract/restricted-patients.md §7.1), decoded and checked.
struct DischargeRequest: ObjectBody, Equatable {
  static let schemaName = "DischargeToHospitalRequest"

  var offenderNo: String
  var fromLocationID: String
  var hospitalLocationCode: String
  var supportingPrisonID: String
  /// Nil for now.
  var dischargeTime: LocalDateTime?
  var commentText: String?

  init(_ body: inout BodyFields) throws(JSONObjectError) {
    offenderNo = try body.text("offenderNo", .prisonerNumber)
    commentText = try body.optionalText("commentText", .comment)
    fromLocationID = try body.text("fromLocationId", .prison)
    hospitalLocationCode = try body.text("hospitalLocationCode", .hospital)
    supportingPrisonID =
      try body.optionalText("supportingPrisonId", Self.supportingPrison) ?? fromLocationID
    dischargeTime = try body.optionalDateTime(
      "dischargeTime",
      .londonTime("When the prisoner goes to hospital, not in the year 0; now if left out")
    )
    // The database has no year 0.
    if let dischargeTime, dischargeTime.text.hasPrefix("0000") {
      body.violate("dischargeTime", "must be after the year 0")
    }
  }

  private static let supportingPrison = TextRule.identifier(
    .text(
      "The prison that stays responsible; fromLocationId if left out. "
        + ColumnLimit.words(ColumnLimit.prison)
    ),
    ColumnLimit.prison
  )

  /// The record that the discharge makes.
  func patient(by user: String, at now: LocalDateTime) -> RestrictedPatient {
    RestrictedPatient(
      prisonerNumber: offenderNo,
      fromLocationID: fromLocationID,
      hospitalLocationCode: hospitalLocationCode,
      supportingPrisonID: supportingPrisonID,
      dischargeTime: dischargeTime ?? now,
      commentText: commentText,
      createdAt: now,
      createdBy: user,
      modifiedAt: now,
      modifiedBy: user
    )
  }
}

/// The discharge of a prisoner to hospital as an external change.
private struct Discharge: PatientAddition {
  let patient: RestrictedPatient
  let context: PatientAdditionContext

  var prisonerNumber: String { patient.prisonerNumber }
  var requestedBy: String? { patient.createdBy }
  var hospitalLocationCode: String { patient.hospitalLocationCode }

  /// - Throws: `invalid` for agencies that prison API does not know, `noActivePrisoner`, `upstream`.
  func check(
    _ admitted: Void,
    before deadline: MonotonicInstant
  ) async throws -> (patient: RestrictedPatient, checked: Void) {
    try await checkAgencies(of: patient, before: deadline)
    let isActive = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await context.prisonAPI.hasActiveBooking(prisonerNumber, deadline: deadline)
    }
    guard isActive else { throw RestrictedPatientsError.noActivePrisoner(prisonerNumber) }
    return (patient, ())
  }

  /// The time is prison API's: what this request says, or leaves out, need not be what the earlier one did.
  func patient(of release: ReleaseToHospital) -> RestrictedPatient? {
    guard let prison = release.movement.fromAgency, prison.hasSameBytes(as: patient.fromLocationID) else {
      return nil
    }
    var patient = patient
    patient.dischargeTime = release.movement.occurredAt ?? patient.dischargeTime
    return patient
  }

  func telemetry(_ patient: RestrictedPatient) -> TelemetryEvent? { .discharged(patient) }
}
