internal import JSON
import ServiceKit
internal import Time

/// The prisoner's whole list, cut to the days asked for (`non-associations.md` §7.13). Its counts are of the whole list.
struct NonAssociationsSubjectAccess: SubjectAccessSource {
  let service: NonAssociationsService
  let london: LondonTime

  func content(
    for request: SubjectAccessRequest,
    deadline: MonotonicInstant
  ) async throws -> SubjectAccessContent {
    var options = ListOptions()
    options.includeClosed = true
    options.includeOtherPrisons = true
    var list: PrisonerNonAssociations
    do {
      list = try await service.nonAssociations(of: request.prisonerNumber, options, deadline: deadline)
    } catch NonAssociationsError.missingPrisoners {
      return .notRecognised
    }
    list.items.removeAll { !request.includes(london.local($0.nonAssociation.whenUpdated).date) }
    guard !list.items.isEmpty else { return .nothing }
    var writer = JSONWriter(capacity: 512 + list.items.count * 1024)
    list.write(to: &writer, london)
    return .document(writer.bytes)
  }
}
