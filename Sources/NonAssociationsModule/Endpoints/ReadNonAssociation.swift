import HTTPTypes
import ServiceKit
internal import Time

extension NonAssociationsModule {
  static let read = Endpoint(
    .get,
    "/non-associations/{id}",
    .read,
    .described("getNonAssociation", "A non-association"),
    takes: .path(.id),
    answer: .nonAssociation("The non-association"),
    refusals: [.notFound]
  ) { module, call in
    try await module.nonAssociation(call.path, before: call.deadline)
  }

  /// - Throws: `NonAssociationsError.notFound`.
  func nonAssociation(_ id: Int64, before deadline: MonotonicInstant) async throws -> NonAssociation {
    guard let row = try await store.find(id: id, deadline: deadline) else {
      throw NonAssociationsError.notFound(id: id)
    }
    return row
  }
}
