internal import JSON
import ServiceKit
internal import Time

extension NonAssociationsModule {
  /// What the module tells about a person (docs/contract/non-associations.md §7.13).
  var subjectAccess: any SubjectAccessSource { NonAssociationsSubjectAccess(module: self) }
}

/// The prisoner's whole list, cut to the days asked for (docs/contract/non-associations.md §7.13). Its counts are of the whole list.
struct NonAssociationsSubjectAccess: SubjectAccessSource {
  let module: NonAssociationsModule

  func content(
    for request: SubjectAccessRequest,
    deadline: MonotonicInstant
  ) async throws -> SubjectAccessContent {
    var options = ListOptions()
    options.includeClosed = true
    options.includeOtherPrisons = true
    var list: PrisonerNonAssociations
    do {
      list = try await module.nonAssociations(of: request.prisonerNumber, options, before: deadline)
    } catch NonAssociationsError.missingPrisoners {
      return .notRecognised
    }
    list.items.removeAll { !request.includes(module.london.local($0.nonAssociation.whenUpdated).date) }
    guard !list.items.isEmpty else { return .nothing }
    var writer = JSONWriter(capacity: list.jsonSize)
    PrisonerNonAssociations.Shape.write(list, to: &writer, module.london)
    return .document(writer.bytes)
  }
}
