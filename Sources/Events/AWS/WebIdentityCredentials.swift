internal import Logging
internal import SharedAuth
internal import Synchronization
internal import Time

/// Temporary credentials that are exchanged for a web identity: renewed in the background well before they expire, by
/// one exchange at a time. While renewal fails, those there are stay in use as long as they are good.
final class WebIdentityCredentials: AWSCredentialsProvider {
  /// Gets new credentials by the given deadline.
  typealias Exchange = @Sendable (MonotonicInstant) async throws(BrokerError) -> AWSCredentials

  private typealias Renewal = SharedOperation<Result<AWSCredentials, BrokerError>>

  private struct Kept {
    let credentials: AWSCredentials
    /// When they were got.
    let since: MonotonicInstant
    /// From when on they are renewed.
    let renewal: Timestamp
    /// Until when they are used.
    let end: Timestamp
  }

  private struct State {
    var kept: Kept?
    var renewal: Renewal?
    var failure: BrokerError?
    var nextRenewal = MonotonicInstant(nanoseconds: 0)
    var backOff = BackOff(initial: .seconds(1), maximum: .seconds(30))
  }

  private enum Decision {
    case use(AWSCredentials, renewing: Renewal?)
    case wait(Renewal, isNew: Bool)
    case fail(BrokerError)
  }

  /// How long one exchange may take.
  private static let exchangeTimeout = Duration.seconds(15)
  /// Before expiry: renewed from the first on (from half of their life, if that is later), not used from the second on.
  private static let renewalMargin = Duration.seconds(600)
  private static let safetyMargin = Duration.seconds(10)

  private let clock: any WallClock
  private let now: @Sendable () -> MonotonicInstant
  private let logger: Logger
  private let exchange: Exchange
  private let state = Mutex(State())

  /// - Parameter now: the monotonic clock that pauses after failures are measured with.
  init(
    clock: any WallClock,
    logger: Logger,
    now: @escaping @Sendable () -> MonotonicInstant = { .now() },
    exchange: @escaping Exchange
  ) {
    self.clock = clock
    self.now = now
    self.logger = logger
    self.exchange = exchange
  }

  func credentials(deadline: MonotonicInstant) async throws(BrokerError) -> AWSCredentials {
    switch decide() {
    case .use(let credentials, let renewal):
      if let renewal { start(renewal) }
      return credentials
    case .fail(let error): throw error
    case .wait(let renewal, let isNew):
      if isNew { start(renewal) }
      switch await renewal.outcome(before: deadline) {
      case .finished(let result): return try result.get()
      case .timedOut: throw BrokerError(.unavailable, "no AWS credentials in time")
      case .cancelled: throw BrokerError(.unavailable, "cancelled while waiting for AWS credentials")
      }
    }
  }

  /// Those that AWS does not know, because they were revoked or the role was made anew, are replaced before their time
  /// too, but not again and again: others that are as new would hardly be known better.
  func discard(_ credentials: AWSCredentials, because reason: AWSCredentialRefusal) -> Bool {
    let now = now()
    return state.withLock { state in
      guard let kept = state.kept, kept.credentials.accessKeyID == credentials.accessKeyID else {
        return true
      }
      if reason == .unknown, now < kept.since + Self.leastAge { return false }
      state.kept = nil
      return true
    }
  }

  /// How old credentials are at least before they are replaced because AWS does not know them.
  private static let leastAge = Duration.seconds(60)

  private func decide() -> Decision {
    let (time, now) = (clock.now(), now())
    return state.withLock { state in
      let running = state.renewal.flatMap { now < $0.deadline ? $0 : nil }
      if let kept = state.kept, time < kept.end {
        let isDue = time >= kept.renewal && running == nil && now >= state.nextRenewal
        return .use(kept.credentials, renewing: isDue ? begin(&state, at: now) : nil)
      }
      if let running { return .wait(running, isNew: false) }
      if let failure = state.failure, now < state.nextRenewal { return .fail(failure) }
      return .wait(begin(&state, at: now), isNew: true)
    }
  }

  private func begin(_ state: inout State, at now: MonotonicInstant) -> Renewal {
    // A second more than the exchange has itself, so that only one that never ends is replaced.
    let renewal = Renewal(deadline: now + Self.exchangeTimeout + .seconds(1))
    state.renewal = renewal
    return renewal
  }

  private func start(_ renewal: Renewal) {
    renewal.start { [self] in
      do throws(BrokerError) {
        let credentials = try await exchange(.now() + Self.exchangeTimeout)
        keep(credentials, renewal)
        return .success(credentials)
      } catch {
        fail(error, renewal)
        return .failure(error)
      }
    }
  }

  private func keep(_ credentials: AWSCredentials, _ renewal: Renewal) {
    let (time, now) = (clock.now(), now())
    let expiry = credentials.expiry ?? Timestamp(microseconds: .max)
    let halfOfLife = Duration.microseconds(max(0, expiry.microseconds / 2 - time.microseconds / 2))
    let kept = Kept(
      credentials: credentials,
      since: now,
      renewal: max(expiry - Self.renewalMargin, time + halfOfLife),
      end: expiry - Self.safetyMargin
    )
    state.withLock { state in
      guard state.renewal === renewal else { return }
      state.kept = kept
      state.renewal = nil
      state.failure = nil
      state.nextRenewal = MonotonicInstant(nanoseconds: 0)
      state.backOff.reset()
    }
  }

  private func fail(_ error: BrokerError, _ renewal: Renewal) {
    let now = now()
    state.withLock { state in
      guard state.renewal === renewal else { return }
      state.renewal = nil
      state.failure = error
      state.nextRenewal = now + state.backOff.next()
    }
    logger.warning("AWS credentials could not be renewed", metadata: ["reason": "\(error)"])
  }
}

extension Timestamp {
  fileprivate static func - (instant: Self, duration: Duration) -> Self { instant + (.zero - duration) }
}
