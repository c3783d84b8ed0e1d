internal import Concurrency
internal import Logging
internal import Time

/// Temporary credentials that are exchanged for a web identity: renewed in the background well before they expire, by
/// one exchange at a time. While renewal fails, those there are stay in use as long as they are good.
final class WebIdentityCredentials: AWSCredentialsProvider {
  /// Gets new credentials by the given deadline.
  typealias Exchange = @Sendable (MonotonicInstant) async throws(BrokerError) -> AWSCredentials

  private typealias Credentials = Refreshing<AWSCredentials, BrokerError>

  /// How long one exchange may take.
  private static let exchangeTimeout = Duration.seconds(15)
  /// Before expiry: renewed from the first on (from half of their life, if that is later), not used from the second on.
  private static let renewalMargin = Duration.seconds(600)
  private static let safetyMargin = Duration.seconds(10)
  /// How old credentials are at least before they are replaced because AWS does not know them.
  private static let leastAge = Duration.seconds(60)

  private let kept: Credentials

  /// - Parameters:
  ///   - clock: the time of day, which says how long credentials are good when they come.
  ///   - monotonicClock: what that time, and pauses after failures, are measured with from then on.
  init(
    clock: any WallClock,
    monotonicClock: any MonotonicClock,
    logger: Logger,
    exchange: @escaping Exchange
  ) {
    var policy = RefreshPolicy<AWSCredentials>(timeout: Self.exchangeTimeout) { credentials in
      Self.lifetime(until: credentials.value.expiry, at: clock.now(), credentials.ended)
    }
    policy.backOff = BackOff(initial: .seconds(1), maximum: .seconds(30))
    policy.isFailureKept = true
    kept = Credentials(policy, clock: monotonicClock) { (deadline) throws(BrokerError) in
      do throws(BrokerError) {
        return try await exchange(deadline)
      } catch {
        logger.warning("AWS credentials could not be renewed", metadata: ["reason": "\(error)"])
        throw error
      }
    }
  }

  private static func lifetime(
    until expiry: Timestamp?,
    at time: Timestamp,
    _ now: MonotonicInstant
  ) -> Lifetime {
    let end = expiry ?? Timestamp(microseconds: .max)
    let life = Duration.microseconds(max(0, end.microseconds / 2 - time.microseconds / 2)) * 2
    return Lifetime(due: now + max(life - renewalMargin, life / 2), stale: now + (life - safetyMargin))
  }

  func credentials(deadline: MonotonicInstant) async throws(BrokerError) -> AWSCredentials {
    do throws(Credentials.Unavailable) {
      return try await kept.value(before: deadline)
    } catch {
      switch error {
      case .failed(let error): throw error
      case .timedOut: throw BrokerError(.unavailable, "no AWS credentials in time")
      case .cancelled: throw BrokerError(.unavailable, "cancelled while waiting for AWS credentials")
      }
    }
  }

  /// Those that AWS does not know, because they were revoked or the role was recreated, are replaced before their time
  /// too, but not again and again: others that are as new would hardly be known better.
  func discard(_ credentials: AWSCredentials, because reason: AWSCredentialRefusal) -> Bool {
    kept.replace(ifOlderThan: reason == .unknown ? Self.leastAge : .zero, isLastResort: false) {
      $0.accessKeyID == credentials.accessKeyID
    }
  }
}
