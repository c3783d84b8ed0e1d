internal import Crypto
internal import EventLoops
internal import Text
public import Time

/// Says who a request comes from: reads its bearer token and checks it as docs/contract/platform.md §1.1 to §1.4 asks,
/// in that order.
public final class TokenVerifier: Sendable {
  private let jwks: JWKSCache
  private let policy: TokenPolicy
  private let clock: any WallClock
  private let verified: VerifiedTokens
  private let counters = TokenCounters()

  /// - Parameters:
  ///   - clock: the time of day that `exp` and `nbf` are compared with.
  ///   - cacheCapacity: tokens that are remembered once verified. Default 10,000, at about two kilobytes each.
  public init(
    jwks: JWKSCache,
    policy: TokenPolicy = TokenPolicy(),
    clock: any WallClock,
    cacheCapacity: Int = 10_000
  ) {
    self.jwks = jwks
    self.policy = policy
    self.clock = clock
    verified = VerifiedTokens(capacity: cacheCapacity)
  }

  /// How many verified tokens are remembered.
  public var rememberedTokens: Int { verified.count }

  /// What has become of the tokens so far.
  public var statistics: TokenStatistics { counters.statistics }

  /// The caller, or nil when no bearer token came: what an open route needs, since a refused token is refused there
  /// as well.
  /// - Parameter authorization: the value of the `Authorization` field; nil if there is none.
  /// - Throws: `TokenError.invalid` or `keysUnavailable`.
  public func authenticate(authorization: String?) async throws(TokenError) -> Principal? {
    guard let authorization, BearerToken.isMeant(by: authorization.utf8Span.span) else { return nil }
    do {
      return try await verify(field: authorization)
    } catch {
      counters.count(error)
      throw error
    }
  }

  /// The caller, if the token has passed before and would pass again: what most requests need, without a wait. Nil for all
  /// others, of whom ``authenticate(authorization:)`` tells what there is to tell.
  /// - Parameter authorization: the value of the only `Authorization` field.
  public func recall(authorization: ArraySlice<UInt8>) -> Principal? {
    guard BearerToken.isMeant(by: authorization.span), BearerToken.hasBlank(authorization.span) else {
      return nil
    }
    jwks.refreshIfStale()
    let token = TokenBytes(authorization.dropFirst(BearerToken.offset))
    guard let principal = try? remembered(token) else { return nil }
    counters.countRemembered()
    return principal
  }

  /// The caller.
  /// - Parameter authorization: the value of the `Authorization` field; nil if there is none.
  /// - Throws: `TokenError`; `missing` when no bearer token came.
  public func verify(authorization: String?) async throws(TokenError) -> Principal {
    guard let principal = try await authenticate(authorization: authorization) else { throw .missing }
    return principal
  }

  private func verify(field: String) async throws(TokenError) -> Principal {
    jwks.refreshIfStale()
    guard BearerToken.hasBlank(field.utf8Span.span) else { throw .malformedHeader }
    // Before anything is done with it: no token that was accepted is so long.
    guard field.utf8.count <= policy.maximumTokenBytes + BearerToken.offset else {
      throw BearerToken.isToken68(field.utf8Span.span) ? .malformedToken : .malformedHeader
    }
    let token = Array(field.utf8.dropFirst(BearerToken.offset))
    let bytes = TokenBytes(token[...])
    if let principal = try remembered(bytes) {
      counters.countRemembered()
      return principal
    }
    guard BearerToken.isToken68(field.utf8Span.span) else { throw .malformedHeader }
    let checked = try await check(token)
    verified.remember(checked, for: bytes)
    counters.countVerified()
    return checked.principal
  }

  /// The principal of a token that has passed before and would pass again.
  private func remembered(_ bytes: TokenBytes) throws(TokenError) -> Principal? {
    guard var token = verified.find(bytes) else { return nil }
    let generation = jwks.generation
    if token.generation != generation {
      guard jwks.holds(token.key) else {
        verified.forget(bytes)
        return nil
      }
      token.generation = generation
      verified.remember(token, for: bytes)
    }
    do {
      try token.validity.check(at: clock.now())
    } catch {
      verified.forget(bytes)
      throw error
    }
    return token.principal
  }

  private func check(_ token: [UInt8]) async throws(TokenError) -> VerifiedToken {
    let arrival = jwks.time
    let jws = try JSONWebSignature(token)
    let claims = try TokenClaims(jws.payload)
    guard jws.algorithm == "RS256" else { throw .noMatchingKey }
    guard !jws.hasCriticalExtensions else { throw .invalidSignature }
    // Read before the keys are: should the set change meanwhile, the token's next use looks the key up again.
    let generation = jwks.generation
    var candidates = try await jwks.candidates(for: jws.keyID, since: arrival)
    await EventLoop.current?.waitForLongStep()
    var signer = candidates.first { $0.publicKey.verifies(jws.signature, of: jws.signingInput) }
    if signer == nil {
      candidates = try await jwks.candidates(for: jws.keyID, besides: candidates, since: arrival)
      await EventLoop.current?.waitForLongStep()
      signer = candidates.first { $0.publicKey.verifies(jws.signature, of: jws.signingInput) }
    }
    guard let key = signer else { throw .invalidSignature }
    guard jws.isTypeAccepted else { throw .wrongType }
    let validity = TokenValidity(expiry: claims.expiry, notBefore: claims.notBefore, leeway: policy.leeway)
    try validity.check(at: clock.now())
    if policy.requiresExpiry, claims.expiry == nil { throw .missingExpiry }
    if let issuer = policy.issuer, claims.issuer?.hasSameBytes(as: issuer) != true { throw .wrongIssuer }
    let principal = try claims.principal()
    guard !claims.isBoundToKey else { throw .boundToKey }
    return VerifiedToken(principal: principal, validity: validity, key: key, generation: generation)
  }
}
