import EventLoops
import Foundation
import HTTPTransport
import HTTPTypes
import Testing
import Time

@testable import LocalProfile

/// The doubles on real sockets, and a client for them.
struct Doubles {
  static let group: EventLoopGroup = {
    do {
      return try EventLoopGroup(count: 1)
    } catch {
      fatalError("no event loops: \(error)")
    }
  }()
  static let client = HTTPClient(group: group)

  /// Serves `responder` on a free port while `body` runs.
  static func serving(
    _ responder: @escaping Responder,
    _ body: (_ url: String) async throws -> Void
  ) async throws {
    let double = try await DoubleServer.start(
      port: 0,
      group: group,
      logger: Cluster.quiet,
      responder: responder
    )
    do {
      try await body(double.url)
      await double.server.shutdown(within: .seconds(5))
    } catch {
      await double.server.shutdown(within: .zero)
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
    try await client.send(
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

/// What an independent implementation reads in a token, once it has verified it.
struct VerifiedToken {
  let header: [String: Any]
  let claims: [String: Any]

  /// - Throws: when joserfc refuses the token.
  init(_ token: String, keySet: String) async throws {
    let folder = try TemporaryFolder()
    let input = #"{"jwks":\#(keySet),"token":"\#(token)"}"#
    try Files.write(input, to: folder.path + "/input", mode: 0o600)
    let python = ProcessInfo.processInfo.environment["GATEWAY_TEST_PYTHON"] ?? "python3"
    let script = Bundle.module.bundleURL.appendingPathComponent("verify_token.py").path
    var command = ChildProcess.Command(program: "/usr/bin/env", arguments: [python, script])
    command.environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
    command.input = folder.path + "/input"
    let result = try await ChildProcess.run(command)
    try #require(result.ending == .exited(0), "\(result.output); deploy/test prepares a Python with joserfc")
    let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    let parts = try #require(object as? [String: [String: Any]])
    header = try #require(parts["header"])
    claims = try #require(parts["claims"])
  }
}
