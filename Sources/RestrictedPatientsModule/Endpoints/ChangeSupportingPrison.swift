import HTTPTypes
internal import JSON
import ModuleKit
import ServiceKit
import SharedAuth
internal import Text
internal import Time

extension RestrictedPatientsModule {
  static let changeSupportingPrison = Endpoint(
    .post,
    "/change-supporting-prison",
    .setting(.changeSupportingPrison),
    .patients("changeSupportingPrison", "Change the prison that supports a restricted patient"),
    takes: .path(.none, body: SupportingPrisonRequest.self),
    answer: .object(PatientDetails.Shape.self, "The patient, with prisons and hospital in words")
      .describedAsAnyType,
    refusals: [.invalid, .notFound, .prisonUnchanged, .prisonNotFound]
  ) { module, call in
    try await module.changeSupportingPrison(call.body, by: call.caller, before: call.deadline)
  }

  /// The new prison must be another one, and one that prison API knows (docs/contract/restricted-patients.md §7.5).
  private func changeSupportingPrison(
    _ request: SupportingPrisonRequest,
    by caller: Principal,
    before deadline: MonotonicInstant
  ) async throws -> PatientDetails {
    let author = try Author.name(caller)
    let (number, prison) = (request.offenderNo, request.supportingPrisonID)
    guard let current = try await store.find(number, deadline: deadline) else {
      throw RestrictedPatientsError.notFound(number)
    }
    guard !current.supportingPrisonID.hasSameBytes(as: prison) else {
      throw RestrictedPatientsError.prisonUnchanged(number, prison: prison)
    }
    let agency = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await prisonAPI.agency(prison, deadline: deadline)
    }
    guard let agency, !checksAgencies || agency.isPrison else {
      throw RestrictedPatientsError.prisonNotFound(prison)
    }
    let lists = try await agencyLists(before: deadline) {
      $0.prisons[ByteText(current.fromLocationID)] != nil
        && $0.hospitals[ByteText(current.hospitalLocationCode)] != nil
    }
    let now = clock.now()
    let patient = try await changes.commit(before: deadline) { unit in
      let changed = try await store.changeSupportingPrison(
        of: number,
        to: prison,
        by: author,
        at: london.local(now),
        in: unit
      )
      guard let changed else {
        // Since it was read, the record was removed, or another request changed it.
        throw try await store.find(number, in: unit) == nil
          ? RestrictedPatientsError.notFound(number) : .prisonUnchanged(number, prison: prison)
      }
      unit.tell(messages.supportingPrisonChanged(number, at: now))
      return changed
    }
    var details = PatientDetails(patient, lists)
    // It is newer than the lists.
    details.supportingPrison = agency.isPrison ? agency : nil
    telemetry.track(.supportingPrisonChanged(details))
    return details
  }
}

/// The body of a change of supporting prison (docs/contract/restricted-patients.md §7.5).
struct SupportingPrisonRequest: ObjectBody, Equatable {
  static let schemaName = "SupportingPrisonRequest"

  let offenderNo: String
  let supportingPrisonID: String

  init(_ body: inout BodyFields) throws(JSONObjectError) {
    offenderNo = try body.text("offenderNo", .any(.prisonerNumber))
    supportingPrisonID = try body.text("supportingPrisonId", .prison)
  }
}
