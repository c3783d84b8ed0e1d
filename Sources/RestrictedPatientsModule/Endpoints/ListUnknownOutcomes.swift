import HTTPTypes
import ServiceKit
import SharedAuth

extension RestrictedPatientsModule {
  static let unknownOutcomes = Endpoint(
    .get,
    "/restricted-patients/unknown-outcomes",
    .setting(.administration),
    .administration(
      "getUnknownOutcomes",
      "Changes whose outcome at prison API is unknown"
    ),
    takes: .path(.none),
    answer: .array(of: UnknownOutcome.Shape.self, "The changes, the newest first")
  ) { module, call in
    try await module.store.unknownOutcomes(deadline: call.deadline)
  }
}
