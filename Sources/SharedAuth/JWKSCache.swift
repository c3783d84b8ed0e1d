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

  private struct State {
    var keySet: JSONWebKeySet?
    var fetch: SharedOperation<Void>?
    /// When the fetch that is running, or the last one, began.
    var began: MonotonicInstant?
    /// When the next fetch may begin.
    var nextFetch = MonotonicInstant(nanoseconds: 0)
    /// When the fetch began that the key set is from, or that found it unchanged.
    var current: MonotonicInstant?
    /// Whether the last fetch to end had no usable set.
    var hasFailed = false
    var status = JWKSStatus()
  }

  private enum Decision {
    case use(ArraySlice<VerificationKey>)
    case wait(SharedOperation<Void>, isNew: Bool)
    case refuse(TokenError)
  }

  private let configuration: JWKSCacheConfiguration
  private let logger: Logger
  private let now: @Sendable () -> MonotonicInstant
  private let fetchKeys: FetchKeys
  private let state = Mutex(State())
  private let currentGeneration = Atomic<Int>(0)
  /// In nanoseconds of the monotonic clock, outside the mutex because every request looks at it.
  private let staleAt = Atomic<UInt64>(.max)

  /// - Parameters:
  ///   - now: the monotonic clock that ages and intervals are measured with.
  ///   - fetchKeys: runs on the event loop of the request that needs it.
  public init(
    configuration: JWKSCacheConfiguration = JWKSCacheConfiguration(),
    logger: Logger,
    now: @escaping @Sendable () -> MonotonicInstant = { .now() },
    fetchKeys: @escaping FetchKeys
  ) {
    self.configuration = configuration
    self.logger = logger
    self.now = now
    self.fetchKeys = fetchKeys
  }

  /// What has become of the keys so far.
  public var status: JWKSStatus { state.withLock(\.status) }

  /// Counts the changes of the set: as long as it stays the same, so do the keys.
  var generation: Int { currentGeneration.load(ordering: .acquiring) }

  /// Whether a key is in the set now.
  func holds(_ key: VerificationKey) -> Bool {
    state.withLock { $0.keySet?.keys.contains(key) ?? false }
  }

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
    // A fetch that was under way already may end without the key, and then one more is worth the wait.
    var waits = 2
    while true {
      switch decide(keyID, tried, since: arrival, mayWait: waits > 0) {
      case .use(let keys): return keys
      case .refuse(let error): throw error
      case .wait(let fetch, let isNew):
        if isNew { start(fetch) }
        waits -= 1
        let outcome = await fetch.outcome(before: .now() + configuration.fetchTimeout)
        if case .finished = outcome { continue }
        waits = 0
      }
    }
  }

  /// The time by the clock that ages and intervals are measured with.
  var time: MonotonicInstant { now() }

  private func decide(
    _ keyID: String?,
    _ tried: ArraySlice<VerificationKey>,
    since arrival: MonotonicInstant,
    mayWait: Bool
  ) -> Decision {
    let now = now()
    return state.withLock { state in
      let keys = state.keySet?.candidates(for: keyID) ?? []
      guard keys.isEmpty || keys == tried else { return .use(keys) }
      let refusal = tried.isEmpty ? TokenError.noMatchingKey : .invalidSignature
      if let current = state.current, current >= arrival { return .refuse(refusal) }
      if mayWait {
        if let running = running(state, at: now) { return .wait(running, isNew: false) }
        if let new = begin(&state, at: now) { return .wait(new, isNew: true) }
      }
      // A `kid` says which key it is (RFC 7515 section 4.1.4), so of a key that was just fetched by its name a bad
      // signature is believed. Else every forged token would be told to come again.
      if !tried.isEmpty, keyID != nil, !state.hasFailed, running(state, at: now) == nil {
        return .refuse(refusal)
      }
      // Whatever token comes next begins the fetch that this one may not.
      if state.fetch == nil { staleAt.store(state.nextFetch.nanoseconds, ordering: .relaxed) }
      let pause = state.nextFetch.duration(since: now)
      return .refuse(.keysUnavailable(retryAfter: max(1, pause.secondsRoundedUp)))
    }
  }

  /// Starts a fetch in the background if the set is older than the refresh interval. Cheap when it is not.
  func refreshIfStale() {
    if now().nanoseconds >= staleAt.load(ordering: .relaxed) { refresh() }
  }

  /// Starts a fetch in the background, unless one is running or has just begun.
  private func refresh() {
    let now = now()
    let new = state.withLock { state in
      running(state, at: now) == nil ? begin(&state, at: now) : nil
    }
    if let new { start(new) }
  }

  private func running(_ state: borrowing State, at now: MonotonicInstant) -> SharedOperation<Void>? {
    guard let fetch = state.fetch, now < fetch.deadline else { return nil }
    return fetch
  }

  private func begin(_ state: inout State, at now: MonotonicInstant) -> SharedOperation<Void>? {
    guard now >= state.nextFetch else { return nil }
    // A second more than the fetch has itself, so that only one that never ends is replaced.
    let fetch = SharedOperation<Void>(deadline: now + configuration.fetchTimeout + .seconds(1))
    state.fetch = fetch
    state.began = now
    let interval = state.keySet == nil ? configuration.retryInterval : configuration.minimumInterval
    state.nextFetch = now + interval
    state.status.fetches += 1
    staleAt.store(fetch.deadline.nanoseconds, ordering: .relaxed)
    return fetch
  }

  private func start(_ fetch: SharedOperation<Void>) {
    let deadline = MonotonicInstant.now() + configuration.fetchTimeout
    fetch.start { [self] in
      do {
        let text = try await fetchKeys(deadline)
        finish(fetch, with: .success(try JSONWebKeySet(text)))
      } catch {
        finish(fetch, with: .failure(error))
      }
    }
  }

  private func finish(_ fetch: SharedOperation<Void>, with result: Result<JSONWebKeySet, any Error>) {
    let now = now()
    state.withLock { state in
      guard state.fetch === fetch else { return }
      state.fetch = nil
      switch result {
      case .success(let keySet):
        replace(&state, with: keySet)
        state.current = state.began
        state.hasFailed = false
        state.nextFetch = max(state.nextFetch, (state.began ?? now) + configuration.minimumInterval)
        staleAt.store((now + configuration.refreshInterval).nanoseconds, ordering: .relaxed)
      case .failure:
        state.status.failedFetches += 1
        state.hasFailed = true
        staleAt.store(state.nextFetch.nanoseconds, ordering: .relaxed)
      }
    }
    if case .failure(let error) = result {
      logger.warning("Keys of the token issuer could not be fetched", metadata: ["error": "\(error)"])
    }
  }

  private func replace(_ state: inout State, with keySet: JSONWebKeySet) {
    let isSame = state.keySet?.keys == keySet.keys
    state.status.usableKeys = keySet.keys.count
    state.status.skippedKeys = keySet.skipped
    guard !isSame else { return }
    state.keySet = keySet
    currentGeneration.add(1, ordering: .releasing)
    logger.info(
      "Keys of the token issuer changed",
      metadata: ["usable": "\(keySet.keys.count)", "skipped": "\(keySet.skipped)"]
    )
  }
}
