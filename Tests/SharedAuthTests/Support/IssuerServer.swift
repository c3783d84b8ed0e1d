import EventLoops
import HTTPTransport
import HTTPTypes
import Logging
import ServerTestKit
import Synchronization
import Testing

@testable import SharedAuth

/// HMPPS Auth as a real server on loopback: its key set, and a token endpoint that checks the request.
final class IssuerServer: Sendable {
  enum Behaviour: Sendable {
    case normal
    case status(HTTPResponse.Status)
    case hang
    case flood
  }

  private struct State {
    var behaviour = Behaviour.normal
    var paths: [String] = []
    var lastFields: HeaderFields = [:]
    var lastBody = ""
    var tokens = 0
  }

  private let state = Mutex(State())

  var paths: [String] { state.withLock(\.paths) }
  var lastFields: HeaderFields { state.withLock(\.lastFields) }
  var lastBody: String { state.withLock(\.lastBody) }

  func behave(_ behaviour: Behaviour) { state.withLock { $0.behaviour = behaviour } }

  /// Runs `body` with the server's base URL (it ends in `/auth`) and a client.
  static func run(_ body: (IssuerServer, HTTPURL, HTTPClient) async throws -> Void) async throws {
    let issuer = IssuerServer()
    try await LoopbackServer.run(on: Loops.shared, { await issuer.respond(to: $0) }) {
      (url, client) async throws in
      try await body(issuer, try HTTPURL("\(url)/auth"), client)
    }
  }

  private func respond(to request: ServerRequest) async -> ServerResponse {
    let path = request.head.target.path
    let body = String(decoding: (try? await request.body()) ?? [], as: UTF8.self)
    let behaviour = state.withLock { state in
      state.paths.append(path)
      state.lastFields = request.head.fields
      state.lastBody = body
      return state.behaviour
    }
    switch behaviour {
    case .normal: break
    case .status(let status): return ServerResponse(status: status)
    case .hang: try? await Task.sleep(for: .seconds(60))
    case .flood: return ServerResponse(status: .ok, body: Array(repeating: 0x20, count: 300_000))
    }
    switch path {
    case "/auth/.well-known/jwks.json":
      return ServerResponse(
        status: .ok,
        fields: [.contentType: "application/json"],
        body: SignedTokens.shared.keySet("a")
      )
    case "/auth/oauth/token":
      let number = state.withLock { state in
        state.tokens += 1
        return state.tokens
      }
      let text =
        #"{"access_token":"token-\#(number)","token_type":"bearer","expires_in":3599,"scope":"read"}"#
      return ServerResponse(status: .ok, fields: [.contentType: "application/json"], body: Array(text.utf8))
    default: return ServerResponse(status: .notFound)
    }
  }
}
