import Logging
import TestKit
import Time

@testable import SharedAuth

/// A verifier with its key endpoint and clocks.
struct Issuer: Sendable {
  let endpoint: KeyEndpoint
  let clock = SettableClock(SignedTokens.now)
  let monotonic = ManualClock()
  let jwks: JWKSCache
  let verifier: TokenVerifier

  init(
    _ keySet: String? = "aAndB",
    policy: TokenPolicy = TokenPolicy(),
    configuration: JWKSCacheConfiguration = JWKSCacheConfiguration(),
    cacheCapacity: Int = 10_000
  ) {
    let endpoint = KeyEndpoint(keySet)
    self.endpoint = endpoint
    jwks = JWKSCache(configuration: configuration, logger: .silent, clock: monotonic) { deadline in
      let timeout = configuration.fetchTimeout.wholeNanoseconds
      return try await endpoint.fetch(began: MonotonicInstant(nanoseconds: deadline.nanoseconds - timeout))
    }
    verifier = TokenVerifier(jwks: jwks, policy: policy, clock: clock, cacheCapacity: cacheCapacity)
  }

  /// The outcome of a request with `Authorization: Bearer <token>`.
  func verify(_ name: String) async throws -> Result<Principal, TokenError> {
    try await verify(field: "Bearer " + SignedTokens.shared.token(name))
  }

  func verify(field: String?) async throws -> Result<Principal, TokenError> {
    try await Loops.run { () async -> Result<Principal, TokenError> in
      do throws(TokenError) {
        return .success(try await verifier.verify(authorization: field))
      } catch {
        return .failure(error)
      }
    }
  }
}

extension Logger {
  static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension TokenError {
  var description: String? {
    guard case .invalid(let description) = self else { return nil }
    return description
  }
}

extension Result where Failure == TokenError {
  /// Whether nobody can tell yet.
  var isUnknown: Bool {
    if case .failure(.keysUnavailable) = self { true } else { false }
  }
}

extension Result {
  var isSuccess: Bool {
    guard case .success = self else { return false }
    return true
  }
}
