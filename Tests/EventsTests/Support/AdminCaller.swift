import EventLoops
import Events
import HTTPTransport
import HTTPTypes
import ServiceKit
import SharedAuth

/// A module that has the queue admin routes and nothing else, and short answers to failures.
struct AdminModule: Module {
  let name = "admin"
  let routes: [RouteDeclaration]

  init(_ groups: [QueueAdminGroup]) {
    routes =
      QueueAdminRoutes(groups, logger: quiet) { text in
        ServerResponse(status: .notFound, body: Array(text.utf8))
      }.table
  }

  func response(to failure: PlatformFailure) -> ServerResponse {
    switch failure {
    case .accessDenied: ServerResponse(status: .forbidden)
    case .parameterType(let name, let type):
      ServerResponse(status: .badRequest, body: Array("\(name) \(type)".utf8))
    default: ServerResponse(status: .internalServerError)
    }
  }

  func response(to error: any Error) -> ServerResponse? { nil }
}

/// Sends requests to the routes; the token of a caller is the name of the role that it holds.
struct AdminCaller: Sendable {
  let responder: ModuleResponder

  init(_ groups: [QueueAdminGroup], telemetry: any Telemetry) throws {
    responder = try ModuleResponder(
      module: AdminModule(
        groups.map { group in
          var group = group
          group.telemetry = telemetry
          return group
        }
      ),
      authenticate: { authorization throws(TokenError) in
        authorization.map { Principal(clientID: "client", authorities: ["ROLE_\($0)"]) }
      },
      logger: quiet
    )
  }

  /// - Returns: status and body.
  func send(
    _ method: HTTPRequest.Method,
    _ target: String,
    role: String? = nil,
    _ fields: HeaderFields = [:]
  ) async throws -> (Int, String) {
    var fields = fields
    if let role { fields[.authorization] = role }
    guard let target = RequestTarget(target) else { throw TestFailure(description: "no target") }
    let request = ServerRequest(
      head: RequestHead(method: method, target: target, fields: fields),
      deadline: .soon,
      clock: Loops.shared
    )
    let response = await responder.respond(to: request, segments: target.segments)
    return (response.status.code, String(decoding: response.body, as: UTF8.self))
  }
}
