import EventLoops
import Foundation
import HTTPTransport
import HTTPTypes
import Logging
import TestKit
import Testing
import Time

@testable import Doubles

/// The doubles on real sockets, and a client for them.
enum Loopback {
  private static let client = Result { HTTPClient(group: try Loops.shared.get()) }

  /// Serves `responder` on a free port while `body` runs.
  static func serving(
    _ responder: @escaping Responder,
    _ body: (_ url: String) async throws -> Void
  ) async throws {
    let double = try await DoubleServer.start(
      port: 0,
      group: try Loops.shared.get(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      responder: responder
    )
    do {
      try await body(double.url)
      await double.shutdown(within: .seconds(5))
    } catch {
      await double.shutdown(within: .zero)
      throw error
    }
  }

  static func send(
    _ method: HTTPRequest.Method,
    _ url: String,
    _ fields: HeaderFields = [:],
    body: String? = nil,
    within limit: Duration = .seconds(10)
  ) async throws -> ClientResponse {
    try await client.get().send(
      ClientRequest(method: method, url: HTTPURL(url), fields: fields, body: body.map { Array($0.utf8) }),
      deadline: MonotonicInstant.now() + limit
    )
  }
}

extension ClientResponse {
  var text: String { String(decoding: body, as: UTF8.self) }

  func json() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
  }

  func jsonArray() throws -> [[String: Any]] {
    try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [[String: Any]])
  }
}
