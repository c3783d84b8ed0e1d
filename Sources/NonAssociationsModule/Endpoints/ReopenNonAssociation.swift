import HTTPTypes
internal import JSON
import ModuleKit
import ServiceKit
import SharedAuth
internal import Time

extension NonAssociationsModule {
  static let reopen = Endpoint(
    .put,
    "/non-associations/{id}/reopen",
    .reopen,
    .described("reopenNonAssociation", "Reopen a closed non-association"),
    takes: .path(.id, body: ReopenRequest.self),
    answer: .nonAssociation("The non-association as it now stands"),
    refusals: [.noUserInContext, .userNameTooLong, .notFound, .alreadyOpen]
  ) { module, call in
    try await module.reopen(call.path, call.body, by: call.caller, before: call.deadline)
  }

  private func reopen(
    _ id: Int64,
    _ request: ReopenRequest,
    by caller: Principal,
    before deadline: MonotonicInstant
  ) async throws -> NonAssociation {
    let author = try Author.name(request.by, caller)
    let change = Change(kind: .reopened, at: clock.now(), by: caller.name)
    let at = request.at.map(london.instant) ?? change.at
    let reopening = Reopening(reason: request.reason, by: author, at: at)
    let reopened = try await OpenPair.guarded(by: .alreadyOpen(id: id)) {
      try await changes.commit(before: deadline) { unit in
        let row = try await lock(id, in: unit)
        try store.enqueuePairLock(row.first.prisonerNumber, row.second.prisonerNumber, in: unit)
        let exists = try await store.openPairExists(
          row.first.prisonerNumber,
          row.second.prisonerNumber,
          in: unit
        )
        return try save(reopening.applied(to: row, openPairExists: exists), of: row, change, in: unit)
      }
    }
    report("Re-opened", id)
    return reopened
  }
}

/// The body of a re-opening.
struct ReopenRequest: ObjectBody, Equatable {
  static let schemaName = "ReopenNonAssociationRequest"

  let reason: String
  /// Nil means now.
  let at: LocalDateTime?
  /// Nil means the token's user.
  let by: String?

  init(_ body: inout BodyFields) throws(JSONObjectError) {
    reason = try body.text("reopenReason", .notEmpty("The reason for re-opening cannot be blank"))
    at = try body.optionalDateTime("reopenedAt", .givenTime)
    // Clients were generated from a description that calls it required, and leave it null.
    by = try body.optionalText(
      "reopenedBy",
      Author.rule("Reopened by must be a maximum of 60 characters"),
      isCalledRequired: true
    )
  }
}
