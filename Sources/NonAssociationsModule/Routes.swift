import HTTPTransport
import HTTPTypes
import ServiceKit
import SharedAuth

/// The module's paths, what they ask of a caller, and how a request becomes a call of the service
/// (`non-associations.md` §2 and §7).
struct Routes: Sendable {
  let service: NonAssociationsService
  let london: LondonTime

  var table: [RouteDeclaration] {
    let read = AccessRule.requires(role: "READ_NON_ASSOCIATIONS")
    let write = AccessRule.requires(role: "WRITE_NON_ASSOCIATIONS", scope: "write")
    return [
      RouteDeclaration(.get, "/prisoner/{prisonerNumber}/non-associations", read, handler: list),
      RouteDeclaration(.post, "/non-associations", write, consumes: .json, handler: create),
      RouteDeclaration(.get, "/non-associations/{id}", read, handler: get),
      RouteDeclaration(.get, "/constants", .authenticated) { _ in json(.ok, Constants.json) },
    ]
  }

  @Sendable private func list(_ request: ModuleRequest) async throws -> ServerResponse {
    let prisonerNumber = request.path("prisonerNumber")
    var options = ListOptions()
    options.includeOpen = try request.query("includeOpen", default: true)
    options.includeClosed = try request.query("includeClosed", default: false)
    options.includeOtherPrisons = try request.query("includeOtherPrisons", default: false)
    options.sortBy = try request.query("sortBy", SortKey.self) ?? .whenCreated
    options.sortDirection = try request.query("sortDirection", SortDirection.self)
    guard PrisonerNumber.isWellFormed(prisonerNumber) else {
      throw NonAssociationsError.malformedPrisonerNumber
    }
    let list = try await service.nonAssociations(of: prisonerNumber, options, deadline: request.deadline)
    var writer = JSONWriter(capacity: 512 + list.items.count * 1024)
    list.write(to: &writer, london)
    return json(.ok, writer.bytes)
  }

  @Sendable private func create(_ request: ModuleRequest) async throws -> ServerResponse {
    let new = try NewNonAssociation(try await request.body())
    let row = try await service.create(new, by: request.principal?.userName, deadline: request.deadline)
    return json(.created, row)
  }

  @Sendable private func get(_ request: ModuleRequest) async throws -> ServerResponse {
    let id = try request.pathInteger("id")
    return json(.ok, try await service.nonAssociation(id: id, deadline: request.deadline))
  }

  private func json(_ status: HTTPResponse.Status, _ row: NonAssociation) -> ServerResponse {
    var writer = JSONWriter(capacity: 1024 + row.comment.utf8.count)
    row.write(to: &writer, london)
    return json(status, writer.bytes)
  }

  private func json(_ status: HTTPResponse.Status, _ body: [UInt8]) -> ServerResponse {
    ServerResponse(status: status, fields: [.contentType: "application/json"], body: body)
  }
}
