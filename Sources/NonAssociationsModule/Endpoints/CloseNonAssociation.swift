import HTTPTypes
internal import JSON
import ModuleKit
import ServiceKit
import SharedAuth
internal import Time

extension NonAssociationsModule {
  static let close = Endpoint(
    .put,
    "/non-associations/{id}/close",
    .write,
    .described("closeNonAssociation", "Close a non-association"),
    takes: .path(.id, body: CloseRequest.self),
    answer: .nonAssociation("The non-association as it now stands"),
    refusals: [.noUserInContext, .userNameTooLong, .notFound, .alreadyClosed]
  ) { module, call in
    try await module.close(call.path, call.body, by: call.caller, before: call.deadline)
  }

  private func close(
    _ id: Int64,
    _ request: CloseRequest,
    by caller: Principal,
    before deadline: MonotonicInstant
  ) async throws -> NonAssociation {
    let author = try Author.name(request.by, caller)
    let change = Change(kind: .closed, at: clock.now(), by: caller.name)
    let at = request.at.map(london.instant) ?? change.at
    let closing = Closing(reason: request.reason, by: author, at: at)
    let closed = try await changes.commit(before: deadline) { unit in
      let row = try await lock(id, in: unit)
      return try save(closing.applied(to: row), of: row, change, in: unit)
    }
    report("Closed", id)
    return closed
  }
}

/// The body of a close.
struct CloseRequest: ObjectBody, Equatable {
  static let schemaName = "CloseNonAssociationRequest"

  let reason: String
  /// Nil means now.
  let at: LocalDateTime?
  /// Nil means the token's user.
  let by: String?

  init(_ body: inout BodyFields) throws(JSONObjectError) {
    reason = try body.text("closedReason", .notEmpty("Comment cannot be blank"))
    at = try body.optionalDateTime("closedAt", .givenTime)
    by = try body.optionalText("closedBy", Author.rule("Closed by must be a maximum of 60 characters"))
  }
}
