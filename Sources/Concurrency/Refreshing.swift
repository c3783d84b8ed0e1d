public import Synchronization
public import Time

/// A value that is fetched when first needed, kept, and fetched again as its policy says: once, however many want it, while
/// they go on with the one there is if it is still good. A value is replaced only by another, so a source that fails takes
/// nothing away. Each caller has its own deadline; one that gives up or is cancelled disturbs neither the load nor the others.
///
/// What is asked with each request is inlinable, so that its users compile it for their types.
public final class Refreshing<Value: Sendable, Failure: Error>: Sendable {
  public typealias Policy = RefreshPolicy<Value>

  /// Gets a value by the given deadline. Runs where the caller who began it prefers to run.
  public typealias Load = @Sendable (MonotonicInstant) async throws(Failure) -> Value

  /// Why a caller has no value.
  public enum Unavailable: Error {
    /// The load failed.
    case failed(Failure)
    /// The caller's deadline came first.
    case timedOut
    /// The caller's task was cancelled.
    case cancelled
  }

  /// How it stands at one moment.
  public struct Status: Sendable {
    /// The value there is, however old.
    public let latest: Policy.Loaded?
    /// Whether a load is in flight, within its time.
    public let isLoading: Bool
    /// Whether the last load to end brought nothing.
    public let hasFailed: Bool
    /// When the next load may begin.
    public let nextLoad: MonotonicInstant
    /// Loads since the start, the failed ones among them.
    public let loads: Int
    public let failedLoads: Int
  }

  /// What came of a load that a caller waited for.
  public enum LoadOutcome: Sendable {
    /// It has ended, with a value or without.
    case ended
    /// None is in flight, and none may begin yet.
    case pausing
    /// The caller's deadline came first, or its cancellation.
    case interrupted
  }

  @usableFromInline typealias Flight = SingleFlight<Result<Value, Failure>>

  @usableFromInline struct Kept {
    @usableFromInline let loaded: Policy.Loaded
    @usableFromInline var lifetime: Lifetime
  }

  @usableFromInline struct State {
    @usableFromInline var kept: Kept?
    @usableFromInline var flight: Flight?
    @usableFromInline var nextLoad = MonotonicInstant(nanoseconds: 0)
    /// Why the last load to end brought nothing.
    @usableFromInline var failure: Failure?
    var backOff: BackOff?
    @usableFromInline var loads = 0
    @usableFromInline var failedLoads = 0
  }

  @usableFromInline enum Decision {
    case use(Value, refreshing: Flight?)
    case wait(Flight, isNew: Bool)
    case fail(Failure)
  }

  @usableFromInline let policy: Policy
  @usableFromInline let clock: any MonotonicClock
  private let load: Load
  private let loaded: @Sendable (Value) -> Void
  @usableFromInline let state: Mutex<State>
  /// When a load is to begin in the background, in nanoseconds; outside the mutex because it is looked at so often.
  @usableFromInline let nextRefresh = Atomic<UInt64>(.max)

  /// - Parameters:
  ///   - loaded: told of each new value, once it is in use and before anybody who waited for it goes on.
  public init(
    _ policy: Policy,
    clock: any MonotonicClock,
    loaded: @escaping @Sendable (Value) -> Void = { _ in },
    load: @escaping Load
  ) {
    self.policy = policy
    self.clock = clock
    self.loaded = loaded
    self.load = load
    state = Mutex(State(backOff: policy.backOff))
  }

  // MARK: Use

  /// The value: at once if there is a good one.
  /// - Parameter deadline: when the caller gives up waiting. The load goes on for others, within its own time.
  @inlinable public func value(before deadline: MonotonicInstant) async throws(Unavailable) -> Value {
    let decision = decide(at: clock.now())
    guard case .use(let value, let flight) = decision else {
      return try await value(decision, before: deadline)
    }
    if let flight { start(flight) }
    return value
  }

  /// A value whose load began at an instant or later, whatever age the policy would let one have and whatever pause it makes
  /// after a failure.
  /// - Parameters:
  ///   - instant: of which the value has to know; not in the future.
  ///   - deadline: when the caller gives up waiting. The load goes on for others, within its own time.
  public func value(
    begunSince instant: MonotonicInstant,
    before deadline: MonotonicInstant
  ) async throws(Unavailable) -> Value {
    try await value(decide(at: clock.now(), since: instant), since: instant, before: deadline)
  }

  /// Does what was decided, and decides again after a load that began too early.
  /// - Parameter instant: when the load has to have begun; nil if any will do.
  @usableFromInline func value(
    _ first: Decision,
    since instant: MonotonicInstant? = nil,
    before deadline: MonotonicInstant
  ) async throws(Unavailable) -> Value {
    var decision = first
    while true {
      switch decision {
      case .use(let value, let flight):
        if let flight { start(flight) }
        return value
      case .fail(let failure): throw .failed(failure)
      case .wait(let flight, let isNew):
        if isNew { start(flight) }
        switch await flight.outcome(before: deadline, clock: clock) {
        case .finished(let result):
          guard let instant else {
            do throws(Failure) { return try result.get() } catch { throw .failed(error) }
          }
          // A load that failed gives the value there was, which began too early.
          if flight.began >= instant, let failure = state.withLock({ $0.failure }) { throw .failed(failure) }
          decision = decide(at: clock.now(), since: instant)
        case .timedOut: throw .timedOut
        case .cancelled: throw .cancelled
        }
      }
    }
  }

  public var status: Status {
    let now = clock.now()
    return state.withLock { state in
      Status(
        latest: state.kept?.loaded,
        isLoading: running(state, at: now) != nil,
        hasFailed: state.failure != nil,
        nextLoad: state.nextLoad,
        loads: state.loads,
        failedLoads: state.failedLoads
      )
    }
  }

  /// Waits for the load in flight, or begins one, whether or not there is a good value.
  public func reload(before deadline: MonotonicInstant) async -> LoadOutcome {
    let now = clock.now()
    let (flight, isNew) = state.withLock { state in
      if let running = running(state, at: now) { return (running as Flight?, false) }
      return (now < state.nextLoad ? nil : begin(&state, at: now), true)
    }
    guard let flight else { return .pausing }
    if isNew { start(flight) }
    guard case .finished = await flight.outcome(before: deadline, clock: clock) else { return .interrupted }
    return .ended
  }

  /// Begins a load in the background if one is due. Cheap when it is not.
  @inlinable public func refreshIfDue() {
    let now = clock.now()
    guard now.nanoseconds >= nextRefresh.load(ordering: .relaxed) else { return }
    let flight = state.withLock { state in
      running(state, at: now) != nil || now < state.nextLoad ? nil : begin(&state, at: now)
    }
    if let flight { start(flight) }
  }

  /// Makes a load due as soon as one may begin.
  public func refreshSoon() {
    state.withLock { state in
      if state.flight == nil { nextRefresh.store(state.nextLoad.nanoseconds, ordering: .relaxed) }
    }
  }

  /// Has the value replaced before its time, since whoever it is for does not take it.
  /// - Parameters:
  ///   - leastAge: how old it is at least; one that is newer would hardly be replaced by a better one.
  ///   - isLastResort: whether it is used nevertheless if no other can be had.
  ///   - isMeant: whether it is the value that was not taken, and was not replaced since.
  /// - Returns: whether there is, or will be, another.
  public func replace(
    ifOlderThan leastAge: Duration = .zero,
    isLastResort: Bool,
    where isMeant: (Value) -> Bool
  ) -> Bool {
    let now = clock.now()
    return state.withLock { state in
      guard var kept = state.kept, now < kept.lifetime.end, isMeant(kept.loaded.value) else { return true }
      guard kept.loaded.ended + leastAge <= now else { return false }
      kept.lifetime.stale = min(kept.lifetime.stale, now)
      if !isLastResort { kept.lifetime.end = now }
      state.kept = kept
      return true
    }
  }

  // MARK: Loads

  @inlinable func decide(at now: MonotonicInstant) -> Decision {
    state.withLock { state in
      let running = running(state, at: now)
      if let kept = state.kept, now < kept.lifetime.stale {
        let isDue = running == nil && now >= kept.lifetime.due && now >= state.nextLoad
        return .use(kept.loaded.value, refreshing: isDue ? begin(&state, at: now) : nil)
      }
      if let running { return .wait(running, isNew: false) }
      if policy.isFailureKept, let failure = state.failure, now < state.nextLoad { return .fail(failure) }
      return .wait(begin(&state, at: now), isNew: true)
    }
  }

  private func decide(at now: MonotonicInstant, since instant: MonotonicInstant) -> Decision {
    state.withLock { state in
      if let kept = state.kept, kept.loaded.began >= instant {
        return .use(kept.loaded.value, refreshing: nil)
      }
      // One in flight may have begun too early, and the next begins after it.
      if let running = running(state, at: now) { return .wait(running, isNew: false) }
      return .wait(begin(&state, at: now), isNew: true)
    }
  }

  @inlinable func running(_ state: borrowing State, at now: MonotonicInstant) -> Flight? {
    guard let flight = state.flight, now < flight.deadline else { return nil }
    return flight
  }

  @inlinable func begin(_ state: inout State, at now: MonotonicInstant) -> Flight {
    // A second more than the load has itself, so that only one that never ends is replaced.
    let flight = Flight(began: now, deadline: now + policy.timeout + .seconds(1))
    state.flight = flight
    state.nextLoad =
      now + (state.kept == nil ? policy.leastIntervalWithoutValue : policy.leastInterval)
    state.loads += 1
    nextRefresh.store(flight.deadline.nanoseconds, ordering: .relaxed)
    return flight
  }

  @usableFromInline func start(_ flight: Flight) {
    flight.start { [self] in
      do throws(Failure) {
        let value = try await load(flight.began + policy.timeout)
        if keep(value, of: flight) { loaded(value) }
        return .success(value)
      } catch {
        return fail(error, flight).map { .success($0) } ?? .failure(error)
      }
    }
  }

  /// - Returns: whether it is in use now: another load may have taken the place of one that overran its time.
  private func keep(_ value: Value, of flight: Flight) -> Bool {
    let now = clock.now()
    return state.withLock { state in
      guard state.flight === flight else { return false }
      let loaded = Policy.Loaded(value: value, began: flight.began, ended: now)
      let lifetime = policy.lifetime(loaded)
      state.kept = Kept(loaded: loaded, lifetime: lifetime)
      state.flight = nil
      state.failure = nil
      state.backOff?.reset()
      state.nextLoad = max(state.nextLoad, flight.began + policy.leastInterval)
      nextRefresh.store(max(lifetime.due, state.nextLoad).nanoseconds, ordering: .relaxed)
      return true
    }
  }

  /// - Returns: the value that there is, if it may be used for want of another.
  private func fail(_ failure: Failure, _ flight: Flight) -> Value? {
    let now = clock.now()
    return state.withLock { state in
      if state.flight === flight {
        state.flight = nil
        state.failure = failure
        state.failedLoads += 1
        if let pause = state.backOff?.next() { state.nextLoad = max(state.nextLoad, now + pause) }
        nextRefresh.store(state.nextLoad.nanoseconds, ordering: .relaxed)
      }
      guard let kept = state.kept, now < kept.lifetime.end else { return nil }
      return kept.loaded.value
    }
  }
}
