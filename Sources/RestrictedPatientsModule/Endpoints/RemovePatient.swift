import HTTPTypes
import ServiceKit
import SharedAuth

extension RestrictedPatientsModule {
  static let remove = Endpoint(
    .delete,
    "/restricted-patient/prison-number/{prison-number}",
    .setting(.remove),
    .patients(
      "removeRestrictedPatient",
      "Remove a restricted patient",
      "The history of the patient keeps the record."
    ),
    takes: .path(.prisonNumber),
    answer: .object(RestrictedPatient.Shape.self, "The record as it was before its removal")
      .describedAsAnyType,
    refusals: [.notFound, .noSearchResult, .underWay, .outcomeUnknown]
  ) { module, call in
    try await module.removePatient(call.path, by: call.caller, because: .user, before: call.deadline)
  }
}
