internal import Doubles
internal import HTTPTransport
internal import HTTPTypes
internal import JSON
public import ServiceKit
internal import SharedAuth

extension LocalEnvironment {
  /// What the console of the all-in-one profile has and no other: tokens for the asking, the samples, what can be played.
  /// Open to everybody who reaches the server, which is this machine.
  public var consoleRoutes: [RouteDeclaration] {
    [
      RouteDeclaration(.get, "/console/sample-users", .open) { _ in .json(.ok, Self.users) },
      RouteDeclaration(.post, "/console/sample-users/{username}/token", .open, handler: issueToken),
      RouteDeclaration(.get, "/console/sample-prisoners", .open, handler: listPrisoners),
      RouteDeclaration(.get, "/console/sample-agencies", .open) { _ in .json(.ok, Self.agencies) },
      RouteDeclaration(.post, "/console/play", .authenticated, consumes: .json, handler: playScene),
    ]
  }

  @Sendable private func issueToken(_ request: ModuleRequest) async throws -> ServerResponse {
    let name = request.path("username")
    guard let user = ConsoleUser.named(name) else { throw PlatformFailure.notFound("\(name) not found") }
    guard let token = try auth.issuer?.issue(user.claims) else {
      throw PlatformFailure.unavailable(retryAfter: 1)
    }
    var json = JSONWriter(capacity: 2048)
    json.beginObject()
    json.field("access_token", token.text)
    json.field("token_type", "bearer")
    json.field("expires_in", AuthDouble.tokenLifetime.components.seconds)
    json.endObject()
    return .json(.ok, json.bytes)
  }

  @Sendable private func listPrisoners(_ request: ModuleRequest) async throws -> ServerResponse {
    .json(.ok, Self.prisoners(of: records))
  }

  @Sendable private func playScene(_ request: ModuleRequest) async throws -> ServerResponse {
    let body = try await request.body()
    guard let play else { throw PlatformFailure.unavailable(retryAfter: 1) }
    return await play.answer { () throws(PlayFailure) in try PlayScene(body) }
  }

  private static var users: [UInt8] {
    list(ConsoleUser.all) { user, json in
      json.field("username", user.user.username)
      json.field("name", user.user.name)
      json.field("purpose", user.user.purpose)
      json.field("caseloads", user.user.caseloads)
      json.field("roles", user.roles)
    }
  }

  /// As things are now, after what was played.
  private static func prisoners(of records: PrisonRecords) -> [UInt8] {
    list(records.prisoners) { prisoner, json in
      json.field("prisonerNumber", prisoner.prisonerNumber)
      json.field("firstName", prisoner.firstName)
      json.field("lastName", prisoner.lastName)
      json.field("prisonId", prisoner.prisonID)
      json.field("prisonName", prisoner.prisonName)
      json.field("cellLocation", prisoner.cellLocation)
    }
  }

  private static var agencies: [UInt8] {
    list(SampleAgency.all.filter(\.isActive)) { agency, json in
      json.field("agencyId", agency.id)
      json.field("description", agency.description)
      json.field("isHospital", agency.isHospital)
    }
  }

  private static func list<Element>(
    _ elements: [Element],
    _ write: (Element, inout JSONWriter) -> Void
  ) -> [UInt8] {
    var json = JSONWriter(capacity: 4096)
    json.beginArray()
    for element in elements {
      json.beginObject()
      write(element, &json)
      json.endObject()
    }
    json.endArray()
    return json.bytes
  }
}
