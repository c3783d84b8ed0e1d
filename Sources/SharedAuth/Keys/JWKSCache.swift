internal import Concurrency
public import Logging
internal import Synchronization
public import Time

/// The issuer's keys (RFC 7517): fetched when first needed, then kept. They are fetched again when a token names an
/// unknown `kid` or its signature does not match, and in the background once they have some age: one fetch at a time, and
/// never two in short succession. A set is replaced only by a usable one, so that good tokens stay good while the issuer
/// is down.
///
/// That there is no key for a token is known only from a set that was asked for after the token came: an older one, or a
/// fetch that failed, says nothing about a key that is newer. Until it is known the answer is that nobody can tell.
public final class JWKSCache: Sendable {
  /// Gets the text of the key set by the given deadline, or throws.
  public typealias FetchKeys = @Sendable (MonotonicInstant) async throws -> [UInt8]

  private typealias KeySet = Refreshing<JSONWebKeySet, any Error>

  private let configuration: JWKSCacheConfiguration
  private let clock: any MonotonicClock
  private let keySet: KeySet
  private let changes: KeyChanges

  /// - Parameters:
  ///   - clock: what ages and intervals are measured with.
  ///   - fetchKeys: runs on the event loop of the request that needs it.
  public init(
    configuration: JWKSCacheConfiguration = JWKSCacheConfiguration(),
    logger: Logger,
    clock: any MonotonicClock,
    fetchKeys: @escaping FetchKeys
  ) {
    self.configuration = configuration
    self.clock = clock
    let refreshInterval = configuration.refreshInterval
    var policy = RefreshPolicy<JSONWebKeySet>(timeout: configuration.fetchTimeout) { keys in
      // Never too old to be used: without the issuer there are no others.
      let never = MonotonicInstant(nanoseconds: .max)
      return Lifetime(due: keys.ended + refreshInterval, stale: never)
    }
    policy.leastInterval = configuration.minimumInterval
    policy.leastIntervalWithoutValue = configuration.retryInterval
    let changes = KeyChanges(logger)
    self.changes = changes
    keySet = KeySet(policy, clock: clock, loaded: { changes.note($0) }) { deadline in
      do {
        return try JSONWebKeySet(try await fetchKeys(deadline))
      } catch {
        logger.warning("the keys of the token issuer could not be fetched", metadata: ["error": "\(error)"])
        throw error
      }
    }
  }

  /// What has become of the keys so far.
  public var status: JWKSStatus {
    let status = keySet.status
    return JWKSStatus(
      usableKeys: status.latest?.value.keys.count ?? 0,
      skippedKeys: status.latest?.value.skipped ?? 0,
      fetches: status.loads,
      failedFetches: status.failedLoads
    )
  }

  /// Counts the changes of the set: as long as it stays the same, so do the keys.
  var generation: Int { changes.count.load(ordering: .acquiring) }

  /// Whether a key is in the set now.
  func holds(_ key: VerificationKey) -> Bool { keySet.status.latest?.value.keys.contains(key) ?? false }

  /// The time by the clock that ages and intervals are measured with.
  var time: MonotonicInstant { clock.now() }

  /// Starts a fetch in the background if the set is older than the refresh interval. Cheap when it is not.
  func refreshIfStale() { keySet.refreshIfDue() }

  /// The keys that may have signed a token, after a fetch if they are not at hand.
  /// - Parameters:
  ///   - keyID: the token's `kid`; nil if it has none, then any key may have signed it.
  ///   - tried: keys that have not signed it; others are sought, since an issuer may give a new key the old `kid`, or
  ///     none.
  ///   - arrival: when the token came.
  /// - Throws: `TokenError.noMatchingKey`, or `invalidSignature` if some were tried; `keysUnavailable` if that cannot be
  ///   known, because the last fetch failed or none may begin yet.
  func candidates(
    for keyID: String?,
    besides tried: ArraySlice<VerificationKey> = [],
    since arrival: MonotonicInstant
  ) async throws(TokenError) -> ArraySlice<VerificationKey> {
    // A fetch that was already in flight may end without the key, and then one more is worth the wait.
    var waits = 2
    while true {
      let status = keySet.status
      let keys = status.latest?.value.candidates(for: keyID) ?? []
      guard keys.isEmpty || keys == tried else { return keys }
      let refusal = tried.isEmpty ? TokenError.noMatchingKey : .invalidSignature
      if let latest = status.latest, latest.began >= arrival { throw refusal }
      let now = clock.now()
      if waits > 0, status.isLoading || now >= status.nextLoad {
        waits -= 1
        if case .interrupted = await keySet.reload(before: now + configuration.fetchTimeout) { waits = 0 }
        continue
      }
      // A `kid` says which key it is (RFC 7515 §4.1.4), so of a key that was just fetched by its name a bad
      // signature is believed. Else every forged token would be told to come again.
      if !tried.isEmpty, keyID != nil, !status.hasFailed, !status.isLoading { throw refusal }
      // Whatever token comes next begins the fetch that this one may not.
      keySet.refreshSoon()
      throw .keysUnavailable(retryAfter: max(1, status.nextLoad.duration(since: now).secondsRoundedUp))
    }
  }
}

/// Counts and logs the changes of the set.
private final class KeyChanges: Sendable {
  let count = Atomic<Int>(0)
  private let keys = Mutex<[VerificationKey]>([])
  private let logger: Logger

  init(_ logger: Logger) { self.logger = logger }

  func note(_ keySet: JSONWebKeySet) {
    let isNew = keys.withLock { keys in
      defer { keys = keySet.keys }
      return keys != keySet.keys
    }
    guard isNew else { return }
    count.add(1, ordering: .releasing)
    logger.info(
      "the keys of the token issuer changed",
      metadata: ["usable": "\(keySet.keys.count)", "skipped": "\(keySet.skipped)"]
    )
  }
}
