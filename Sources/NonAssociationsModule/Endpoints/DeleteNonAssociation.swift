import HTTPTypes
internal import JSON
import ModuleKit
import ServiceKit
import SharedAuth
internal import Time

extension NonAssociationsModule {
  static let delete = Endpoint(
    .post,
    "/non-associations/{id}/delete",
    .delete,
    .described(
      "deleteNonAssociation",
      "Delete a non-association",
      "The history of the non-association stays."
    ),
    takes: .path(.id, body: DeleteRequest.self),
    answer: .noContent("The non-association is deleted"),
    refusals: [.notFound]
  ) { module, call in
    try await module.delete(call.path, call.body, by: call.caller, before: call.deadline)
  }

  /// Nobody need be named by the token (docs/contract/non-associations.md §7.9).
  private func delete(
    _ id: Int64,
    _ request: DeleteRequest,
    by caller: Principal,
    before deadline: MonotonicInstant
  ) async throws {
    let change = Change(
      kind: .deleted,
      at: clock.now(),
      by: caller.name,
      reason: request.reason,
      requestedBy: request.requestedBy
    )
    try await changes.commit(before: deadline) { unit in
      let row = try await lock(id, in: unit)
      try store.enqueueDelete(id, change, in: unit)
      unit.tell(messages.changed(row, by: change))
    }
    report("Deleted", id)
  }
}

/// The body of a deletion.
struct DeleteRequest: ObjectBody, Equatable {
  static let schemaName = "DeleteNonAssociationRequest"

  let reason: String
  let requestedBy: String

  init(_ body: inout BodyFields) throws(JSONObjectError) {
    reason = try body.text("deletionReason", .notEmpty("Comment cannot be blank"))
    requestedBy = try body.text(
      "staffUserNameRequestingDeletion",
      Author.rule("Deleted by must be a maximum of 60 characters")
    )
  }
}
