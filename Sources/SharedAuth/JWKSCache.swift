public import EventLoops
public import Logging
internal import Synchronization

/// The issuer's keys (RFC 7517): fetched when first needed, then kept. They are fetched again when a token names an
/// unknown `kid`, and in the background once they have some age: one fetch at a time, and never two in short
/// succession. A set is replaced only by a usable one, so that good tokens stay good while the issuer is down.
public final class JWKSCache: Sendable {
  /// Gets the text of the key set by the given deadline, or throws.
  public typealias FetchKeys = @Sendable (MonotonicInstant) async throws -> [UInt8]

  private struct State {
    var keySet: JSONWebKeySet?
    var fetch: SharedOperation<Void>?
    /// When the next fetch may begin.
    var nextFetch = MonotonicInstant(nanoseconds: 0)
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
  /// - Parameter keyID: the token's `kid`; nil if it has none, then any key may have signed it.
  /// - Throws: `TokenError.noMatchingKey`, or `keysUnavailable` when there is no set at all.
  func candidates(for keyID: String?) async throws(TokenError) -> ArraySlice<VerificationKey> {
    var mayWait = true
    while true {
      switch decide(keyID, mayWait: mayWait) {
      case .use(let keys): return keys
      case .refuse(let error): throw error
      case .wait(let fetch, let isNew):
        if isNew { start(fetch) }
        _ = await fetch.outcome(before: .now() + configuration.fetchTimeout)
        mayWait = false
      }
    }
  }

  private func decide(_ keyID: String?, mayWait: Bool) -> Decision {
    let now = now()
    return state.withLock { state in
      let keys = state.keySet?.candidates(for: keyID) ?? []
      guard keys.isEmpty else { return .use(keys) }
      if mayWait {
        if let running = running(state, at: now) { return .wait(running, isNew: false) }
        if let new = begin(&state, at: now) { return .wait(new, isNew: true) }
      }
      return .refuse(state.keySet == nil ? .keysUnavailable : .noMatchingKey)
    }
  }

  /// Starts a fetch in the background if the set is older than the refresh interval. Cheap when it is not.
  func refreshIfStale() {
    if now().nanoseconds >= staleAt.load(ordering: .relaxed) { refresh() }
  }

  /// Starts a fetch in the background, unless one is running or has just ended: for a signature that does not match,
  /// since an issuer may give a new key the old `kid`.
  func refresh() {
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
      case .success(let keySet): replace(&state, with: keySet)
      case .failure: state.status.failedFetches += 1
      }
      let interval = state.keySet == nil ? configuration.retryInterval : configuration.minimumInterval
      state.nextFetch = now + interval
      let isFresh = (try? result.get()) != nil
      let next = isFresh ? now + configuration.refreshInterval : state.nextFetch
      staleAt.store(next.nanoseconds, ordering: .relaxed)
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
