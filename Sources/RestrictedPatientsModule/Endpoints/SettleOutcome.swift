import HTTPTypes
import ModuleKit
import ServiceKit
import SharedAuth
internal import Time

extension RestrictedPatientsModule {
  static let settleOutcome = Endpoint(
    .post,
    "/restricted-patients/unknown-outcomes/{prison-number}/settle",
    .setting(.administration),
    .administration(
      "settleOutcome",
      "Say that the prisoner's changes of unknown outcome are no longer of concern",
      "For a person who has looked into prison API. A discharge can then be asked for again. No record changes."
    ),
    takes: .path(.prisonNumber),
    answer: .object(SettledOutcome.Shape.self, "It is settled"),
    refusals: [.invalid, .noUnknownOutcome]
  ) { module, call in
    try await module.settleOutcome(of: call.path, by: call.caller, before: call.deadline)
  }

  private func settleOutcome(
    of number: String,
    by caller: Principal,
    before deadline: MonotonicInstant
  ) async throws -> SettledOutcome {
    let author = try Author.name(caller)
    let now = london.local(clock.now())
    let operations = try await changes.commit(before: deadline) { unit in
      let operations = try await store.lockUnknown(of: number, in: unit)
      guard !operations.isEmpty else { throw RestrictedPatientsError.noUnknownOutcome(number) }
      for operation in operations {
        try externalChanges.settle(operation, of: number, by: .person(author), in: unit)
      }
      return operations
    }
    telemetry.track(.outcomeSettled(number, by: author))
    return SettledOutcome(prisonerNumber: number, operations: operations, settledAt: now, settledBy: author)
  }
}

/// Changes of a prisoner that a person has settled.
private struct SettledOutcome: Sendable {
  let prisonerNumber: String
  let operations: [ExternalChange.Operation]
  let settledAt: LocalDateTime
  let settledBy: String

  enum Shape: ObjectShape {
    typealias Value = SettledOutcome
    static let name: String? = "SettledOutcome"

    static func declare(_ json: inout some ObjectDescriber<SettledOutcome>) {
      json.text("prisonerNumber") { $0.prisonerNumber }
      json.texts("operations", of: .text()) { $0.operations.map(\.rawValue) }
      json.localTime("settledDateTime", .londonTime("When it was settled")) { $0.settledAt }
      json.text("settledUserId") { $0.settledBy }
    }
  }
}
