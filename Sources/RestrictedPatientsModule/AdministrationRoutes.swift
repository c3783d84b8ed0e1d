import HTTPTransport
import HTTPTypes
internal import JSON
import ServiceKit
internal import Time

/// The paths of what waits for a person.
struct AdministrationRoutes: Sendable {
  let service: AdministrationService
  let access: AccessRules

  var table: [RouteDeclaration] {
    let rule = access[.administration]
    return [
      RouteDeclaration(
        .get,
        "/restricted-patients/merges",
        rule,
        operation: Operations.merges,
        handler: listMerges
      ),
      RouteDeclaration(
        .post,
        "/restricted-patients/merges/{removed}/{kept}/resolve",
        rule,
        consumes: .json,
        operation: Operations.resolve,
        handler: resolveMerge
      ),
      RouteDeclaration(
        .get,
        "/restricted-patients/unknown-outcomes",
        rule,
        operation: Operations.unknownOutcomes,
        handler: listUnknownOutcomes
      ),
    ]
  }

  @Sendable private func listMerges(_ request: ModuleRequest) async throws -> ServerResponse {
    let merges = try await service.stuckMerges(deadline: request.deadline)
    return .json(.ok) { writer in
      writer.beginArray()
      for merge in merges { merge.write(to: &writer) }
      writer.endArray()
    }
  }

  @Sendable private func resolveMerge(_ request: ModuleRequest) async throws -> ServerResponse {
    let resolution = try JSONFields(try await request.body()).choice("resolution", MergeResolution.self)
    let (removed, kept) = (request.path("removed"), request.path("kept"))
    let caller = Caller(request.principal)
    let time = try await service.resolve(
      removed: removed,
      kept: kept,
      resolution,
      by: caller,
      deadline: request.deadline
    )
    return .json(.ok) { writer in
      writer.beginObject()
      writer.field("removedPrisonerNumber", removed)
      writer.field("keptPrisonerNumber", kept)
      writer.field("resolution", resolution.rawValue)
      writer.field("resolvedDateTime", time)
      writer.field("resolvedUserId", caller.name)
      writer.endObject()
    }
  }

  @Sendable private func listUnknownOutcomes(_ request: ModuleRequest) async throws -> ServerResponse {
    let outcomes = try await service.unknownOutcomes(deadline: request.deadline)
    return .json(.ok) { writer in
      writer.beginArray()
      for outcome in outcomes {
        writer.beginObject()
        writer.field("prisonerNumber", outcome.prisonerNumber)
        writer.field("operation", outcome.operation.rawValue)
        writer.field("requestedBy", outcome.requestedBy)
        writer.field("since", service.london.local(outcome.startedAt))
        writer.field("reason", outcome.reason)
        writer.endObject()
      }
      writer.endArray()
    }
  }
}

extension StuckMerge {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field("removedPrisonerNumber", removedNumber)
    writer.field("keptPrisonerNumber", keptNumber)
    writer.key("removedRecord")
    if let removedRecord { removedRecord.write(to: &writer) } else { writer.null() }
    writer.key("keptRecord")
    if let keptRecord { keptRecord.write(to: &writer) } else { writer.null() }
    writer.field("since", firstSeen)
    writer.field("lastSeen", lastSeen)
    writer.field("deliveries", deliveries)
    writer.key("choices")
    writer.beginArray()
    for choice in choices { writer.value(choice.rawValue) }
    writer.endArray()
    writer.endObject()
  }
}
