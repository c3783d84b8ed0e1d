internal import HTTPTransport
internal import HTTPTypes
internal import SharedAuth
internal import Synchronization

/// Whether the process wants traffic, for the readiness probe.
public final class ReadinessState: Sendable {
  private let accepts = Atomic<Bool>(true)

  /// Ready at once: the server listens only when everything has started.
  public init() {}

  /// Whether new traffic is wanted.
  public var isAccepting: Bool { accepts.load(ordering: .relaxed) }

  /// Makes readiness answer 503, so that no new traffic is sent while requests in flight are finished.
  public func beginShutdown() { accepts.store(false, ordering: .relaxed) }
}

/// `/health/ping`, `/health/liveness` and `/health/readiness` (docs/contract/platform.md §3.2): the state of the
/// process alone, never of a database or an upstream, so that a probe cannot restart what is only waiting.
enum HealthProbes {
  /// The three routes, all open. Every module has them at its root.
  static func routes(_ readiness: ReadinessState) -> [RouteDeclaration] {
    [
      RouteDeclaration(.get, "/health/ping", .open, produces: .anything) { up($0.server.head) },
      RouteDeclaration(.get, "/health/liveness", .open, produces: .anything) { up($0.server.head) },
      RouteDeclaration(.get, "/health/readiness", .open, produces: .anything) { request in
        if readiness.isAccepting { return up(request.server.head) }
        return response(.serviceUnavailable, "{\"status\":\"OUT_OF_SERVICE\"}", request.server.head)
      },
    ]
  }

  private static let pingAnswer = ServerResponse(
    status: .ok,
    fields: [.contentType: actuatorType],
    body: Array("{\"status\":\"UP\"}".utf8)
  )
  private static let actuatorType = "application/vnd.spring-boot.actuator.v3+json"

  /// The answer to a plain ping, ready made; nil for any other request, and for one that brings a token, which has
  /// to be checked even here, or wants another media type.
  static func ping(_ head: RequestHead) -> ServerResponse? {
    guard head.method == .get, head.target.pathEquals("/health/ping"), !head.fields.contains(.authorization)
    else { return nil }
    return head.fields.isOnly(.accept, "*/*") || !head.fields.contains(.accept) ? pingAnswer : nil
  }

  private static func up(_ head: RequestHead) -> ServerResponse { response(.ok, "{\"status\":\"UP\"}", head) }

  private static func response(
    _ status: HTTPResponse.Status,
    _ body: String,
    _ head: RequestHead
  ) -> ServerResponse {
    ServerResponse(status: status, fields: [.contentType: contentType(for: head)], body: Array(body.utf8))
  }

  /// The actuator's own media type, or plain JSON for a caller who asks for that (docs/contract/platform.md §3.1).
  static func contentType(for head: RequestHead) -> String {
    MediaType.namesPlainJSON(head.fields.list(.accept)) ? "application/json" : actuatorType
  }
}
