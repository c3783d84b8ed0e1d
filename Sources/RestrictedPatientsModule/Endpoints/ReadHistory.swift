import HTTPTypes
import ServiceKit
import SharedAuth
internal import Time

extension RestrictedPatientsModule {
  static let history = Endpoint(
    .get,
    "/restricted-patient/prison-number/{prison-number}/history",
    .setting(.history),
    .patients("getRestrictedPatientHistory", "The history of a restricted patient"),
    takes: .path(.prisonNumber),
    answer: .object(History.Shape.self, "The prisoner's record, and those that were removed"),
    refusals: [.notFound]
  ) { module, call in
    try await module.history(of: call.path, before: call.deadline)
  }

  private func history(of number: String, before deadline: MonotonicInstant) async throws -> History {
    let current = try await store.find(number, deadline: deadline)
    let removed = try await store.archived(number, deadline: deadline)
    guard current != nil || !removed.isEmpty else { throw RestrictedPatientsError.notFound(number) }
    return History(prisonerNumber: number, current: current, removed: removed)
  }
}
