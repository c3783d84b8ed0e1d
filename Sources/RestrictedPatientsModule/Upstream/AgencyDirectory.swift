import Concurrency
import Logging
import ServiceKit
internal import Time

/// The lists of agencies, kept so that a read costs prison API nothing (docs/contract/restricted-patients.md §14 row
/// 10): asked for when they are first needed, again in the background shortly before they are old, and by whoever finds
/// that they are old or lack an agency (docs/contract/adoption.md §6). Old lists are better than none, up to an age.
final class AgencyDirectory: Sendable {
  private typealias Lists = Refreshing<AgencyLists, UpstreamFailure>

  /// After a failure, while there are lists to go on with.
  private static let retryInterval = Duration.seconds(30)
  /// How long somebody waits for others where there are old lists to go on with.
  private static let patience = Duration.seconds(5)

  private let kept: Lists
  private let refreshInterval: Duration
  private let clock: any MonotonicClock

  /// - Parameters:
  ///   - refreshInterval: the age at which lists are old; at nine tenths of it others are asked for.
  ///   - maximumAge: the age at which lists are no longer used.
  init(
    prisonAPI: PrisonAPIClient,
    refreshInterval: Duration,
    maximumAge: Duration,
    logger: Logger,
    clock: any MonotonicClock
  ) {
    (self.refreshInterval, self.clock) = (refreshInterval, clock)
    let upstream = prisonAPI.upstream
    let timeout = upstream.tokenTimeout + upstream.timeout * AgencyType.allCases.count
    var policy = RefreshPolicy<AgencyLists>(timeout: timeout) { lists in
      Lifetime(due: lists.ended + refreshInterval * 9 / 10, stale: lists.ended + maximumAge)
    }
    policy.backOff = BackOff(initial: Self.retryInterval, maximum: Self.retryInterval, hasJitter: false)
    kept = Lists(policy, clock: clock) { (deadline) throws(UpstreamFailure) in
      do throws(UpstreamFailure) {
        return try await prisonAPI.agencyLists(deadline: deadline)
      } catch {
        logger.warning("prison API did not give the lists of agencies", metadata: ["reason": "\(error)"])
        throw error
      }
    }
  }

  /// - Parameter isEnough: whether the lists have what is looked for. Where those kept do not, prison API is asked again,
  ///   and what it gives is used whatever it lacks.
  /// - Throws: `UpstreamFailure` if there are no lists that may be used, and prison API gives none.
  func lists(
    deadline: MonotonicInstant,
    isEnough: (AgencyLists) -> Bool
  ) async throws(UpstreamFailure) -> AgencyLists {
    let start = clock.now()
    await renewIfOld(at: start, before: deadline)
    do throws(Lists.Unavailable) {
      let lists = try await kept.value(before: deadline)
      return isEnough(lists) ? lists : try await kept.value(begunSince: start, before: deadline)
    } catch {
      if case .failed(let failure) = error { throw failure }
      throw .noAnswer(
        text: "Timed out waiting for the lists of agencies",
        cause: "the lists of agencies did not come in time",
        mayHaveHappened: false
      )
    }
  }

  /// Nobody has looked for long enough that the lists have grown old: whoever comes first asks for others, and has the old
  /// ones only if prison API does not give them soon.
  private func renewIfOld(at now: MonotonicInstant, before deadline: MonotonicInstant) async {
    let status = kept.status
    guard let latest = status.latest, now >= latest.ended + refreshInterval, !status.hasFailed else { return }
    let end = (status.isLoading ? status.nextLoad : now) + Self.patience
    guard now < end else { return }
    _ = await kept.reload(before: min(deadline, end))
  }
}

extension PrisonAPIClient {
  /// One after the other, in the contract's order (docs/contract/restricted-patients.md §7.3).
  fileprivate func agencyLists(deadline: MonotonicInstant) async throws(UpstreamFailure) -> AgencyLists {
    AgencyLists(
      prisons: try await agencies(.prison, deadline: deadline),
      hospitals: try await agencies(.hospital, deadline: deadline),
      secureHospitals: try await agencies(.secureHospital, deadline: deadline)
    )
  }
}
