import HTTPTypes
internal import JSON
import ModuleKit
import ServiceKit
import SharedAuth
internal import Time

extension NonAssociationsModule {
  static let patch = Endpoint(
    .patch,
    "/non-associations/{id}",
    .write,
    .described(
      "patchNonAssociation",
      "Change a non-association",
      "A property that is left out, or null, stays as it is."
    ),
    takes: .path(.id, body: PatchRequest.self),
    answer: .nonAssociation("The non-association as it now stands"),
    refusals: [.noUserInContext, .userNameTooLong, .notFound]
  ) { module, call in
    try await module.patch(call.path, call.body, by: call.caller, before: call.deadline)
  }

  /// Closed ones can be changed too (docs/contract/non-associations.md §7.7).
  private func patch(
    _ id: Int64,
    _ request: PatchRequest,
    by caller: Principal,
    before deadline: MonotonicInstant
  ) async throws -> NonAssociation {
    let author = try Author.name(nil, caller)
    let change = Change(kind: .updated, at: clock.now(), by: caller.name)
    let updated = try await changes.commit(before: deadline) { unit in
      let row = try await lock(id, in: unit)
      var patched = row
      patched.given = try request.applied(to: row.given)
      patched.whenUpdated = change.at
      patched.updatedBy = author
      return try save(patched, of: row, change, in: unit)
    }
    report("Updated", id)
    return updated
  }
}

/// The body of a patch: what is left out, or null, stays as it is.
struct PatchRequest: ObjectBody {
  static let schemaName = "PatchNonAssociationRequest"
  static let isPartial = true

  /// As it came.
  private let body: BodyFields

  /// Reads it once for its faults, as the row that it changes is not known yet.
  init(_ body: inout BodyFields) throws(JSONObjectError) {
    self.body = body
    _ = try NonAssociation.Given(&body, else: nil)
  }

  /// The row's values, with those of the body in their places.
  func applied(to current: NonAssociation.Given) throws(JSONObjectError) -> NonAssociation.Given {
    var body = body
    return try NonAssociation.Given(&body, else: current)
  }
}
