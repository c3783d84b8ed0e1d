import Logging
import SharedAuth
import Synchronization
internal import Time

/// The lists of agencies, kept so that a read costs prison API nothing (`restricted-patients.md` §14.10): asked for when
/// they are first needed, and again in the background once they are old. Old lists are better than none, up to an age.
final class AgencyDirectory: Sendable {
  private typealias Fetch = SharedOperation<Result<AgencyLists, UpstreamFailure>>

  private struct State {
    var lists: AgencyLists?
    var obtained = MonotonicInstant(nanoseconds: 0)
    /// Not before then are they asked for again.
    var nextFetch = MonotonicInstant(nanoseconds: 0)
    var fetch: Fetch?
  }

  private enum Decision {
    case use(AgencyLists, refreshing: Fetch?)
    case wait(Fetch, isNew: Bool)
  }

  /// After a failure, while there are lists to go on with.
  private static let retryInterval = Duration.seconds(30)

  private let prisonAPI: PrisonAPIClient
  private let refreshInterval: Duration
  private let maximumAge: Duration
  private let logger: Logger
  private let now: @Sendable () -> MonotonicInstant
  private let state = Mutex(State())

  /// - Parameters:
  ///   - refreshInterval: the age at which lists are asked for again.
  ///   - maximumAge: the age at which lists are no longer used.
  init(
    prisonAPI: PrisonAPIClient,
    refreshInterval: Duration,
    maximumAge: Duration,
    logger: Logger,
    now: @escaping @Sendable () -> MonotonicInstant = { .now() }
  ) {
    self.prisonAPI = prisonAPI
    self.refreshInterval = refreshInterval
    self.maximumAge = maximumAge
    self.logger = logger
    self.now = now
  }

  /// - Throws: `UpstreamFailure` if there are no lists that may be used, and none are to be had.
  func lists(deadline: MonotonicInstant) async throws(UpstreamFailure) -> AgencyLists {
    switch decide() {
    case .use(let lists, let refreshing):
      if let refreshing { start(refreshing) }
      return lists
    case .wait(let fetch, let isNew):
      if isNew { start(fetch) }
      switch await fetch.outcome(before: deadline) {
      case .finished(let result): return try result.get()
      case .timedOut, .cancelled:
        throw .noAnswer(
          text: "Timed out waiting for the lists of agencies",
          cause: "the lists of agencies did not come in time",
          mayHaveHappened: false
        )
      }
    }
  }

  private func decide() -> Decision {
    let now = now()
    return state.withLock { state in
      let running = state.fetch.flatMap { now < $0.deadline ? $0 : nil }
      let usable = state.lists.flatMap { now < state.obtained + maximumAge ? $0 : nil }
      if let usable, running != nil || now < state.nextFetch { return .use(usable, refreshing: nil) }
      if let running { return .wait(running, isNew: false) }
      // A second more than its calls have, so that only a fetch that never ends is replaced.
      let fetch = Fetch(deadline: now + prisonAPI.service.timeout * AgencyType.allCases.count + .seconds(1))
      state.fetch = fetch
      return usable.map { .use($0, refreshing: fetch) } ?? .wait(fetch, isNew: true)
    }
  }

  private func start(_ fetch: Fetch) {
    fetch.start { [self] in
      let result = await load(fetch.deadline)
      finish(fetch, result)
      return result
    }
  }

  /// One after the other, in the contract's order (§7.3).
  private func load(_ deadline: MonotonicInstant) async -> Result<AgencyLists, UpstreamFailure> {
    do throws(UpstreamFailure) {
      return .success(
        AgencyLists(
          prisons: try await prisonAPI.agencies(.prison, deadline: deadline),
          hospitals: try await prisonAPI.agencies(.hospital, deadline: deadline),
          secureHospitals: try await prisonAPI.agencies(.secureHospital, deadline: deadline)
        )
      )
    } catch {
      return .failure(error)
    }
  }

  private func finish(_ fetch: Fetch, _ result: Result<AgencyLists, UpstreamFailure>) {
    let now = now()
    state.withLock { state in
      guard state.fetch === fetch else { return }
      state.fetch = nil
      switch result {
      case .success(let lists):
        (state.lists, state.obtained, state.nextFetch) = (lists, now, now + refreshInterval)
      case .failure: state.nextFetch = now + Self.retryInterval
      }
    }
    if case .failure(let failure) = result {
      logger.warning("the lists of agencies could not be had", metadata: ["reason": "\(failure)"])
    }
  }
}
