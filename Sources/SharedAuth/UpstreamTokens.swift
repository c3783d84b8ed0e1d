public import Logging
internal import Synchronization
public import Time

/// This service's own tokens for calling others: client credentials (RFC 6749 section 4.4), on behalf of a user where
/// the upstream wants to know for whom. A token is kept until shortly before it expires; however many requests want
/// one, one token request is under way for each user name. A token is replaced only by another: while the issuer is away
/// one that is due for renewal, or that an upstream has refused, is used as long as it lives, because an upstream that
/// does not know the issuer's new key yet refuses good tokens.
public final class UpstreamTokens: Sendable {
  /// Sends one token request and gives the answer, whatever its status, by the given deadline. To say why it could
  /// not, it throws `UpstreamTokenError`; any other error counts as `unreachable`, and is logged.
  public typealias RequestToken = @Sendable (TokenRequest, MonotonicInstant) async throws -> TokenResponse

  private typealias Fetch = SharedOperation<Result<String, UpstreamTokenError>>

  /// Bytes, because `String` takes two names for the same that only look alike.
  private typealias UserName = [UInt8]?

  private struct KeptToken {
    let token: String
    let obtained: MonotonicInstant
    /// Until when it is used without asking for another.
    let end: MonotonicInstant
    /// Until when it is used if there is no other to be had.
    let expiry: MonotonicInstant
    /// Whether an upstream has refused it.
    var isDoubtful = false
  }

  private struct State {
    var tokens: RecencyCache<UserName, KeptToken>
    var fetches: [UserName: Fetch] = [:]
    var requests = 0
  }

  private enum Decision {
    case use(String)
    case wait(Fetch, isNew: Bool)
  }

  private let configuration: UpstreamTokensConfiguration
  private let logger: Logger
  private let now: @Sendable () -> MonotonicInstant
  private let requestToken: RequestToken
  private let state: Mutex<State>

  /// - Parameters:
  ///   - now: the monotonic clock that the age of tokens is measured with.
  ///   - requestToken: runs on the event loop of the request that needs the token.
  public init(
    configuration: UpstreamTokensConfiguration,
    logger: Logger,
    now: @escaping @Sendable () -> MonotonicInstant = { .now() },
    requestToken: @escaping RequestToken
  ) {
    self.configuration = configuration
    self.logger = logger
    self.now = now
    self.requestToken = requestToken
    state = Mutex(State(tokens: RecencyCache(capacity: configuration.capacity)))
  }

  /// Token requests sent since the start.
  public var requestCount: Int { state.withLock(\.requests) }

  /// A token to send as `Authorization: Bearer …`.
  /// - Parameters:
  ///   - username: on whose behalf; nil for this service itself.
  ///   - deadline: when the caller gives up waiting. The request goes on for others, within its own time.
  /// - Throws: `UpstreamTokenError`.
  public func token(
    username: String? = nil,
    deadline: MonotonicInstant
  ) async throws(UpstreamTokenError) -> String {
    switch decide(username) {
    case .use(let token): return token
    case .wait(let fetch, let isNew):
      if isNew { start(fetch, username) }
      switch await fetch.outcome(before: deadline) {
      case .finished(let result): return try result.get()
      case .timedOut: throw .timedOut
      case .cancelled: throw .cancelled
      }
    }
  }

  /// Has another token asked for in place of one that an upstream has refused with 401.
  /// - Returns: whether another try makes sense, because it will have another token. Not so if the token was only
  ///   just obtained.
  @discardableResult public func evict(_ token: String) -> Bool {
    let now = now()
    return state.withLock { state in
      guard let userName = state.tokens.firstKey(where: { $0.token == token }) else { return true }
      guard var kept = state.tokens.value(for: userName), kept.obtained + configuration.minimumAge <= now
      else {
        return false
      }
      kept.isDoubtful = true
      state.tokens.insert(kept, for: userName)
      return true
    }
  }

  private func decide(_ username: String?) -> Decision {
    let now = now()
    let userName = username.map { Array($0.utf8) }
    return state.withLock { state in
      if let kept = state.tokens.value(for: userName), now < kept.end, !kept.isDoubtful {
        return .use(kept.token)
      }
      if let running = state.fetches[userName], now < running.deadline { return .wait(running, isNew: false) }
      // A second more than the request has itself, so that only one that never ends is replaced.
      let fetch = Fetch(deadline: now + configuration.requestTimeout + .seconds(1))
      state.fetches[userName] = fetch
      state.requests += 1
      return .wait(fetch, isNew: true)
    }
  }

  private func start(_ fetch: Fetch, _ username: String?) {
    let started = now()
    let request = TokenRequest(configuration, username: username)
    fetch.start { [self] in
      do {
        let response = try await requestToken(request, .now() + configuration.requestTimeout)
        let granted = try GrantedToken(response)
        finish(fetch, username, granted: granted, started: started)
        return .success(granted.token)
      } catch {
        let kept = finish(fetch, username, granted: nil, started: started)
        logger.warning("A token for calling upstream was not granted", metadata: ["error": "\(error)"])
        if let kept { return .success(kept) }
        let known = error as? UpstreamTokenError
        return .failure(known ?? .unreachable(reason: "The token issuer could not be reached"))
      }
    }
  }

  /// - Returns: without a granted token, the one that was kept, if it lives.
  @discardableResult private func finish(
    _ fetch: Fetch,
    _ username: String?,
    granted: GrantedToken?,
    started: MonotonicInstant
  ) -> String? {
    let userName = username.map { Array($0.utf8) }
    let now = now()
    return state.withLock { state in
      guard let granted else {
        if state.fetches[userName] === fetch { state.fetches[userName] = nil }
        return state.tokens.value(for: userName).flatMap { now < $0.expiry ? $0.token : nil }
      }
      guard state.fetches[userName] === fetch else { return nil }
      state.fetches[userName] = nil
      let expiry = started + .seconds(granted.lifetime)
      let end = started + (.seconds(granted.lifetime) - configuration.renewalMargin)
      let kept = KeptToken(token: granted.token, obtained: now, end: end, expiry: expiry)
      if started < kept.end { state.tokens.insert(kept, for: userName) }
      return nil
    }
  }
}
