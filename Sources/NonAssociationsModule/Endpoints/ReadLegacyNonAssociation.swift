import HTTPTypes
import ServiceKit

extension NonAssociationsModule {
  static let readLegacy = Endpoint(
    .get,
    "/legacy/api/non-associations/{id}",
    .synchronise,
    .init(
      "getLegacyById",
      "A non-association in the codes of NOMIS",
      tag: "Legacy non-associations-details"
    ),
    takes: .path(.id),
    answer: .object(NonAssociation.LegacyShape.self, "The non-association") { $0.jsonSize },
    refusals: [.notFound]
  ) { module, call in
    try await module.nonAssociation(call.path, before: call.deadline)
  }
}
