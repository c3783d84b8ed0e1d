import HTTPTransport
import HTTPTypes
internal import JSON
import ServiceKit
import SharedAuth
internal import Time

/// The module's paths, what they ask of a caller, and how a request becomes a call of the service
/// (`non-associations.md` §2 and §7).
struct Routes: Sendable {
  let service: NonAssociationsService
  let changes: NonAssociationChangeService
  let london: LondonTime

  var table: [RouteDeclaration] {
    let read = AccessRule.requires(role: "READ_NON_ASSOCIATIONS")
    let write = AccessRule.requires(role: "WRITE_NON_ASSOCIATIONS", scope: "write")
    let reopening = AccessRule.requires(role: "REOPEN_NON_ASSOCIATIONS", scope: "write")
    let deleting = AccessRule.requires(role: "DELETE_NON_ASSOCIATIONS", scope: "write")
    let synchronise = AccessRule.requires(role: "NON_ASSOCIATIONS_SYNC")
    return [
      RouteDeclaration(
        .get,
        "/prisoner/{prisonerNumber}/non-associations",
        read,
        operation: Operations.list,
        handler: list
      ),
      RouteDeclaration(
        .post,
        "/non-associations",
        write,
        consumes: .json,
        operation: Operations.create,
        handler: create
      ),
      RouteDeclaration(.get, "/non-associations", read, operation: Operations.page, handler: page),
      RouteDeclaration(
        .post,
        "/non-associations/between",
        read,
        consumes: .optionalJSON,
        operation: Operations.between
      ) {
        try await list(.between, $0)
      },
      RouteDeclaration(
        .post,
        "/non-associations/involving",
        read,
        consumes: .optionalJSON,
        operation: Operations.involving
      ) {
        try await list(.involving, $0)
      },
      RouteDeclaration(
        .post,
        "/non-associations/permissions",
        read,
        consumes: .json,
        operation: Operations.permissions,
        handler: permissions
      ),
      RouteDeclaration(.get, "/non-associations/{id}", read, operation: Operations.get, handler: get),
      RouteDeclaration(
        .get,
        "/non-associations/{id}/history",
        read,
        operation: Operations.history,
        handler: history
      ),
      RouteDeclaration(
        .patch,
        "/non-associations/{id}",
        write,
        consumes: .json,
        operation: Operations.patch,
        handler: patch
      ),
      RouteDeclaration(
        .put,
        "/non-associations/{id}/close",
        write,
        consumes: .json,
        operation: Operations.close,
        handler: close
      ),
      RouteDeclaration(
        .put,
        "/non-associations/{id}/reopen",
        reopening,
        consumes: .json,
        operation: Operations.reopen,
        handler: reopen
      ),
      RouteDeclaration(
        .post,
        "/non-associations/{id}/delete",
        deleting,
        consumes: .json,
        operation: Operations.delete,
        handler: delete
      ),
      RouteDeclaration(
        .get,
        "/legacy/api/non-associations/{id}",
        synchronise,
        operation: Operations.legacy,
        handler: legacy
      ),
      RouteDeclaration(.get, "/constants", .authenticated, operation: Operations.constants) { _ in
        json(.ok, Constants.json)
      },
    ]
  }

  @Sendable private func list(_ request: ModuleRequest) async throws -> ServerResponse {
    let prisonerNumber = request.path("prisonerNumber")
    var options = ListOptions()
    options.includeOpen = try request.query(Parameters.includeOpen)
    options.includeClosed = try request.query(Parameters.includeClosed)
    options.includeOtherPrisons = try request.query(Parameters.includeOtherPrisons)
    options.sortBy = try request.query(Parameters.sortBy) ?? .whenCreated
    options.sortDirection = try request.query(Parameters.sortDirection)
    guard PrisonerNumber.isWellFormed(prisonerNumber) else {
      throw NonAssociationsError.malformedPrisonerNumber
    }
    let list = try await service.nonAssociations(of: prisonerNumber, options, deadline: request.deadline)
    var writer = JSONWriter(capacity: 512 + list.items.count * 1024)
    list.write(to: &writer, london)
    return json(.ok, writer.bytes)
  }

  @Sendable private func page(_ request: ModuleRequest) async throws -> ServerResponse {
    let wanted = try PageRequest(
      filter: try filter(request),
      page: request.query(Parameters.pageNumber),
      size: request.query(Parameters.pageSize),
      sort: request.query(Parameters.sort)
    )
    let page = try await service.page(wanted, deadline: request.deadline)
    var writer = JSONWriter(capacity: 512 + page.items.count * 1024)
    page.write(to: &writer, london)
    return json(.ok, writer.bytes)
  }

  private func list(
    _ involvement: NonAssociationsStore.Involvement,
    _ request: ModuleRequest
  ) async throws -> ServerResponse {
    let filter = try filter(request)
    // No body at all, and null, are a list of nobody.
    let body = try await request.optionalBody() ?? .null
    let numbers = body == .null ? [] : try JSONFields.texts(body, "the body")
    let rows = try await service.list(
      involvement,
      numbers,
      filter,
      prisonID: request.query(Parameters.prisonID),
      deadline: request.deadline
    )
    var writer = JSONWriter(capacity: 64 + rows.count * 1024)
    writer.beginArray()
    for row in rows { row.write(to: &writer, london) }
    writer.endArray()
    return json(.ok, writer.bytes)
  }

  private func filter(_ request: ModuleRequest) throws -> StateFilter {
    StateFilter(
      includeOpen: try request.query(Parameters.includeOpen),
      includeClosed: try request.query(Parameters.includeClosed)
    )
  }

  @Sendable private func get(_ request: ModuleRequest) async throws -> ServerResponse {
    let id = try request.pathInteger("id")
    return json(.ok, try await service.nonAssociation(id: id, deadline: request.deadline))
  }

  @Sendable private func history(_ request: ModuleRequest) async throws -> ServerResponse {
    let id = try request.pathInteger("id")
    let entries = try await service.history(id: id, deadline: request.deadline)
    var writer = JSONWriter(capacity: 64 + entries.count * 1280)
    writer.beginObject()
    writer.field("id", id)
    writer.key("history")
    writer.beginArray()
    for entry in entries { entry.write(to: &writer, london) }
    writer.endArray()
    writer.endObject()
    return json(.ok, writer.bytes)
  }

  @Sendable private func legacy(_ request: ModuleRequest) async throws -> ServerResponse {
    let id = try request.pathInteger("id")
    let row = try await service.nonAssociation(id: id, deadline: request.deadline)
    var writer = JSONWriter(capacity: 1024 + row.comment.utf8.count)
    row.writeLegacy(to: &writer, london)
    return json(.ok, writer.bytes)
  }

  @Sendable private func permissions(_ request: ModuleRequest) async throws -> ServerResponse {
    let question = try PermissionQuestion(try await request.body())
    let answer = try await service.permissions(question, deadline: request.deadline)
    var writer = JSONWriter(capacity: 2048)
    answer.write(to: &writer)
    return json(.ok, writer.bytes)
  }

  func json(_ status: HTTPResponse.Status, _ row: NonAssociation) -> ServerResponse {
    var writer = JSONWriter(capacity: 1024 + row.comment.utf8.count)
    row.write(to: &writer, london)
    return json(status, writer.bytes)
  }

  private func json(_ status: HTTPResponse.Status, _ body: [UInt8]) -> ServerResponse {
    ServerResponse(status: status, fields: [.contentType: "application/json"], body: body)
  }
}
