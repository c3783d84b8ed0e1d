import HTTPTypes
import ServiceKit
internal import Time

extension NonAssociationsModule {
  static let history = Endpoint(
    .get,
    "/non-associations/{id}/history",
    .readHistory,
    .described(
      "getNonAssociationHistory",
      "The history of a non-association",
      "Every change with who, when and why, oldest first. A deleted non-association keeps its history."
    ),
    takes: .path(.id),
    answer: .object(History.Shape.self, "The changes of the non-association") {
      64 + $0.entries.count * 1280
    },
    refusals: [.notFound]
  ) { module, call in
    try await module.history(call.path, before: call.deadline)
  }

  /// What has happened to a non-association, also to a deleted one. One that has not changed since there is a history
  /// has none.
  private func history(_ id: Int64, before deadline: MonotonicInstant) async throws -> History {
    let entries = try await store.history(id: id, deadline: deadline)
    if entries.isEmpty { _ = try await nonAssociation(id, before: deadline) }
    return History(id: id, entries: entries)
  }
}
