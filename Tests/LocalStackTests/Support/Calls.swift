import Doubles
import EventLoops
import HTTPTransport
import HTTPTypes
import Logging
import TestKit
import Time

/// Calls of doubles over real sockets.
enum Calls {
  private static let client = Result { HTTPClient(group: try Loops.shared.get()) }

  static func get(_ url: String, within limit: Duration = .seconds(10)) async throws -> ClientResponse {
    let client = try client.get()
    return try await client.send(
      ClientRequest(method: .get, url: HTTPURL(url)),
      deadline: client.clock.now() + limit
    )
  }

  /// Serves `responder` on a free port while `body` runs.
  static func serving(
    _ responder: @escaping Responder,
    _ body: (_ url: String) async throws -> Void
  ) async throws {
    let double = try await DoubleServer.start(
      port: 0,
      group: try Loops.shared.get(),
      logger: Cluster.quiet,
      responder: responder
    )
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(double.url))
    } catch {
      result = .failure(error)
    }
    await double.shutdown(within: .zero)
    try result.get()
  }
}
