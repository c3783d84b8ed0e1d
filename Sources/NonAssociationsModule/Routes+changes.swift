import HTTPTransport
import HTTPTypes
import ServiceKit
import SharedAuth

/// What changes records.
extension Routes {
  @Sendable func create(_ request: ModuleRequest) async throws -> ServerResponse {
    let new = try NewNonAssociation(try await request.body())
    let row = try await changes.create(new, by: try caller(request), deadline: request.deadline)
    return json(.created, row)
  }

  @Sendable func patch(_ request: ModuleRequest) async throws -> ServerResponse {
    let id = try request.pathInteger("id")
    let patch = try NonAssociationPatch(try await request.body())
    return json(
      .ok,
      try await changes.patch(id: id, patch, by: try caller(request), deadline: request.deadline)
    )
  }

  @Sendable func close(_ request: ModuleRequest) async throws -> ServerResponse {
    let id = try request.pathInteger("id")
    let body = try CloseRequest(try await request.body())
    return json(
      .ok,
      try await changes.close(id: id, body, by: try caller(request), deadline: request.deadline)
    )
  }

  @Sendable func reopen(_ request: ModuleRequest) async throws -> ServerResponse {
    let id = try request.pathInteger("id")
    let body = try ReopenRequest(try await request.body())
    return json(
      .ok,
      try await changes.reopen(id: id, body, by: try caller(request), deadline: request.deadline)
    )
  }

  @Sendable func delete(_ request: ModuleRequest) async throws -> ServerResponse {
    let id = try request.pathInteger("id")
    let body = try DeleteRequest(try await request.body())
    try await changes.delete(id: id, body, by: try caller(request), deadline: request.deadline)
    return ServerResponse(status: .noContent, fields: [:], body: [])
  }

  private func caller(_ request: ModuleRequest) throws(PlatformFailure) -> Principal {
    guard let principal = request.principal else { throw .accessDenied }
    return principal
  }
}
