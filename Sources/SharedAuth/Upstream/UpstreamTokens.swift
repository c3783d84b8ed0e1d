internal import Concurrency
public import Logging
internal import Synchronization
public import Time

/// This service's own tokens for calling others: client credentials (RFC 6749 §4.4), on behalf of a user where
/// the upstream wants to know for whom. A token is kept until shortly before it expires; however many requests want
/// one, one token request is in flight for each user name. A token is replaced only by another: while the issuer is away
/// one that is due for renewal, or that an upstream has refused, is used as long as it lives, because an upstream that
/// does not know the issuer's new key yet refuses good tokens.
public final class UpstreamTokens: Sendable {
  /// Sends one token request and gives the answer, whatever its status, by the given deadline. To say why it could
  /// not, it throws `UpstreamTokenError`; any other error counts as `unreachable`, and is logged.
  public typealias RequestToken = @Sendable (TokenRequest, MonotonicInstant) async throws -> TokenResponse

  private typealias Token = Refreshing<GrantedToken, UpstreamTokenError>

  /// Bytes, because `String` takes two names for the same that only look alike.
  private typealias UserName = [UInt8]?

  private let configuration: UpstreamTokensConfiguration
  private let logger: Logger
  private let clock: any MonotonicClock
  private let requestToken: RequestToken
  private let tokens: Mutex<RecencyCache<UserName, Token>>
  private let requests = RequestCount()

  /// - Parameters:
  ///   - clock: what the age of tokens is measured with.
  ///   - requestToken: runs on the event loop of the request that needs the token.
  public init(
    configuration: UpstreamTokensConfiguration,
    logger: Logger,
    clock: any MonotonicClock,
    requestToken: @escaping RequestToken
  ) {
    self.configuration = configuration
    self.logger = logger
    self.clock = clock
    self.requestToken = requestToken
    tokens = Mutex(RecencyCache(capacity: configuration.capacity))
  }

  /// How long one token request may take.
  public var requestTimeout: Duration { configuration.requestTimeout }

  /// Token requests sent since the start.
  public var requestCount: Int { requests.sum.load(ordering: .relaxed) }

  /// A token to send as `Authorization: Bearer …`.
  /// - Parameters:
  ///   - username: on whose behalf; nil for this service itself.
  ///   - deadline: when the caller gives up waiting. The request goes on for others, within its own time.
  /// - Throws: `UpstreamTokenError`.
  public func token(
    username: String? = nil,
    deadline: MonotonicInstant
  ) async throws(UpstreamTokenError) -> String {
    do throws(Token.Unavailable) {
      return try await token(of: username).value(before: deadline).token
    } catch {
      switch error {
      case .failed(let error): throw error
      case .timedOut: throw .timedOut
      case .cancelled: throw .cancelled
      }
    }
  }

  /// Has another token asked for in place of one that an upstream has refused with 401.
  /// - Returns: whether another try makes sense, because it will have another token. Not so if the token was only
  ///   just obtained.
  @discardableResult public func evict(_ token: String) -> Bool {
    let refused = tokens.withLock { $0.first { $0.status.latest?.value.token == token } }
    return refused?.replace(ifOlderThan: configuration.minimumAge, isLastResort: true) { $0.token == token }
      ?? true
  }

  private func token(of username: String?) -> Token {
    let userName = username.map { Array($0.utf8) }
    return tokens.withLock { tokens in
      if let kept = tokens.value(for: userName) { return kept }
      let new = newToken(of: username)
      tokens.insert(new, for: userName)
      return new
    }
  }

  private func newToken(of username: String?) -> Token {
    let margin = configuration.renewalMargin
    let policy = RefreshPolicy<GrantedToken>(timeout: configuration.requestTimeout) { granted in
      let life = Duration.seconds(granted.value.lifetime)
      return Lifetime(stale: granted.began + (life - margin), end: granted.began + life)
    }
    let request = TokenRequest(configuration, username: username)
    return Token(policy, clock: clock) {
      [requests, requestToken, logger] (deadline) throws(UpstreamTokenError) in
      requests.sum.add(1, ordering: .relaxed)
      do {
        return try GrantedToken(try await requestToken(request, deadline))
      } catch {
        logger.warning("no token for calling other services was granted", metadata: ["error": "\(error)"])
        throw error as? UpstreamTokenError ?? .unreachable(reason: "The token issuer could not be reached")
      }
    }
  }
}

private final class RequestCount: Sendable {
  let sum = Atomic<Int>(0)
}
