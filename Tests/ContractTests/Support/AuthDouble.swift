import Crypto
import Foundation
import HTTPTransport
import HTTPTypes
import Synchronization

/// A server in place of HMPPS Auth: gives out its key set and client-credentials tokens, records what it is asked, and
/// can be down.
final class AuthDouble: Sendable {
  private struct State {
    var keyRequests = 0
    var pings = 0
    var tokenRequests: [String] = []
    var isDown = false
    var lifetime: Int? = 3599
    var isRotated = false
    var tokenDelay = Duration.zero
  }

  /// One key for the whole test process: making one takes a while.
  static let key = Result { try SigningKey.generate() }

  /// The key that comes after it.
  static let nextKey = Result { try SigningKey.generate() }

  private static func keySet(_ keys: [SigningKey]) -> String {
    let keys = keys.map { key in
      #"{"kty":"RSA","use":"sig","alg":"RS256","kid":"\#(key.keyID)","e":"\#(key.exponent)","n":"\#(key.modulus)"}"#
    }
    return #"{"keys":[\#(keys.joined(separator: ","))]}"#
  }

  private let state = Mutex(State())

  var keyRequests: Int { state.withLock { $0.keyRequests } }
  var pings: Int { state.withLock { $0.pings } }
  /// The bodies of the token requests so far.
  var tokenRequests: [String] { state.withLock { $0.tokenRequests } }
  /// While down, everything is answered 503.
  var isDown: Bool {
    get { state.withLock { $0.isDown } }
    set { state.withLock { $0.isDown = newValue } }
  }

  /// Seconds that the tokens it gives out say they live; nil and they do not say.
  var lifetime: Int? {
    get { state.withLock { $0.lifetime } }
    set { state.withLock { $0.lifetime = newValue } }
  }

  /// How long it takes to give out a token.
  var tokenDelay: Duration {
    get { state.withLock { $0.tokenDelay } }
    set { state.withLock { $0.tokenDelay = newValue } }
  }

  /// Once rotated, the key set has the next key besides the first.
  var isRotated: Bool {
    get { state.withLock { $0.isRotated } }
    set { state.withLock { $0.isRotated = newValue } }
  }

  func respond(to request: ServerRequest) async -> ServerResponse {
    if isDown { return ServerResponse(status: .serviceUnavailable, fields: [:], body: []) }
    switch request.head.target.path {
    case "/auth/.well-known/jwks.json":
      state.withLock { $0.keyRequests += 1 }
      guard let first = try? Self.key.get(), let next = try? Self.nextKey.get() else {
        return ServerResponse(status: .internalServerError, fields: [:], body: [])
      }
      let keys = Self.keySet(isRotated ? [first, next] : [first])
      return ServerResponse(status: .ok, fields: [.contentType: "application/json"], body: Array(keys.utf8))
    case "/auth/oauth/token":
      let body = String(decoding: (try? await request.body()) ?? [], as: UTF8.self)
      state.withLock { $0.tokenRequests.append(body) }
      try? await Task.sleep(for: tokenDelay)
      let user = body.components(separatedBy: "username=").dropFirst().first.map { "-for-\($0)" } ?? ""
      let life = lifetime.map { #","expires_in":\#($0)"# } ?? ""
      let answer = #"{"access_token":"upstream-token\#(user)","token_type":"bearer"\#(life)}"#
      return ServerResponse(status: .ok, fields: [.contentType: "application/json"], body: Array(answer.utf8))
    case "/auth/health/ping":
      state.withLock { $0.pings += 1 }
      return ServerResponse(status: .ok, fields: [:], body: Array(#"{"status":"UP"}"#.utf8))
    default:
      return ServerResponse(status: .notFound, fields: [:], body: [])
    }
  }
}
