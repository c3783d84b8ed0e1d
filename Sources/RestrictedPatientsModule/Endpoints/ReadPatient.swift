import HTTPTypes
import ServiceKit
import SharedAuth
internal import Time

extension RestrictedPatientsModule {
  static let read = Endpoint(
    .get,
    "/restricted-patient/prison-number/{prison-number}",
    .setting(.read),
    .patients("getRestrictedPatientByPrisonNumber", "A restricted patient"),
    takes: .path(.prisonNumber),
    answer: .object(PatientDetails.Shape.self, "The patient, with prisons and hospital in words")
      .describedAsAnyType,
    refusals: [.notFound]
  ) { module, call in
    try await module.patient(call.path, before: call.deadline)
  }

  /// The patient with the agencies of the record (docs/contract/restricted-patients.md §7.3).
  private func patient(_ number: String, before deadline: MonotonicInstant) async throws -> PatientDetails {
    guard let patient = try await store.find(number, deadline: deadline) else {
      throw RestrictedPatientsError.notFound(number)
    }
    let lists = try await agencyLists(before: deadline) { $0.haveAgencies(of: patient) }
    return PatientDetails(patient, lists)
  }
}
