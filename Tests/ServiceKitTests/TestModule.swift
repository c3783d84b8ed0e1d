import EventLoops
import HTTPTransport
import HTTPTypes
import JSON
import Logging
import Postgres
import ServiceKit
import SharedAuth
import TestKit
import Time

/// A module of a few routes whose errors show which failure they came from.
struct TestModule: Module {
  struct Refusal: Error {}
  struct Surprise: Error {}

  var name = "test"
  var routes: [RouteDeclaration]

  init(name: String = "test", routes: [RouteDeclaration]? = nil) {
    self.name = name
    self.routes = routes ?? Self.table
  }

  static let table: [RouteDeclaration] = [
    RouteDeclaration(.get, "/open", .open) { _ in text("open") },
    RouteDeclaration(.get, "/mine", .authenticated) { text($0.principal?.name ?? "nobody") },
    RouteDeclaration(.get, "/things/{id}", .requires(role: "READ")) { request in
      text("thing \(try request.pathInteger("id")) \(try request.query("all", default: true))")
    },
    RouteDeclaration(.post, "/things", .requires(role: "WRITE", scope: "write"), consumes: .json) { request in
      text("made \(try JSONObject(try await request.body()).text("name"))")
    },
    RouteDeclaration(.post, "/refuse", .open) { _ in throw Refusal() },
    RouteDeclaration(.post, "/surprise", .open) { _ in throw Surprise() },
    RouteDeclaration(.post, "/keys", .open) { _ in throw TokenError.keysUnavailable(retryAfter: 4) },
    RouteDeclaration(.post, "/busy", .open) { _ in throw PostgresError(.poolTimeout, detail: "row text") },
    RouteDeclaration(.post, "/database", .open) { _ in
      throw PostgresError(.checkViolation, sqlState: "23514", constraint: "c", detail: "row text")
    },
  ]

  func response(to failure: PlatformFailure) -> ServerResponse {
    let status: HTTPResponse.Status =
      switch failure {
      case .noRoute: .notFound
      case .methodNotAllowed: .methodNotAllowed
      case .accessDenied: .forbidden
      case .unsupportedMediaType: .unsupportedMediaType
      case .bodyTooLarge: .contentTooLarge
      case .bodyTooSlow: .requestTimeout
      case .unavailable: .serviceUnavailable
      case .internalError: .internalServerError
      default: .badRequest
      }
    return ServerResponse(status: status, body: Array("\(name): \(failure)".utf8))
  }

  func response(to error: any Error) -> ServerResponse? {
    error is Refusal ? ServerResponse(status: .conflict, body: Array("refused".utf8)) : nil
  }

  private static func text(_ text: String) -> ServerResponse {
    ServerResponse(status: .ok, fields: [.contentType: "text/plain"], body: Array(text.utf8))
  }

  /// Callers by their `Authorization`: `reader` may read, `writer` may write, `unscoped` has the role alone.
  static let authenticate: ModuleResponder.Authenticator = { authorization throws(TokenError) in
    switch authorization {
    case nil: nil
    case "reader": Principal(clientID: "reader", authorities: ["ROLE_READ"])
    case "writer":
      Principal(clientID: "c", userName: "WRITER", authorities: ["ROLE_WRITE", "SCOPE_write"])
    case "unscoped": Principal(clientID: "unscoped", authorities: ["ROLE_WRITE"])
    case "keyless": throw .keysUnavailable(retryAfter: 4)
    default: throw .invalid(description: "bad token")
    }
  }

  var responder: ModuleResponder {
    get throws {
      try ModuleResponder(module: self, authenticate: Self.authenticate, logger: Logger(label: "test"))
    }
  }
}

/// An answer, in a shape that is easy to expect.
struct Answer {
  var status: Int
  var body: String
  var fields: HeaderFields

  init(_ response: ServerResponse) {
    status = response.status.code
    body = String(decoding: response.body, as: UTF8.self)
    fields = response.fields
  }
}

/// A request as if it had come over a connection.
func request(
  _ method: HTTPRequest.Method,
  _ target: String,
  _ fields: HeaderFields = [:],
  body: String = "",
  remote: SocketAddress? = nil,
  clock: any MonotonicClock = ManualClock()
) throws -> ServerRequest {
  struct BadTarget: Error {}
  guard let parsed = RequestTarget(target) else { throw BadTarget() }
  return ServerRequest(
    head: RequestHead(method: method, target: parsed, fields: fields),
    body: Array(body.utf8),
    remoteAddress: remote,
    deadline: clock.now() + .seconds(10),
    clock: clock
  )
}

extension HeaderFields {
  /// Fields with a `Host`, which swift-http-types has no name for.
  init(host: String, _ others: (HTTPField.Name, String)...) {
    self.init()
    if let name = HTTPField.Name("Host") { append(name, host) }
    for (name, value) in others { append(name, value) }
  }
}
