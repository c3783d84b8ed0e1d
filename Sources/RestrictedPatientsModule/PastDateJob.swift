import EventLoops
import Logging
import ServiceKit

/// The past-date check as a job (`restricted-patients.md` §12): for `gateway batch`, and once a day where the deployment
/// wants that. One replica runs it at a time.
public struct PastDateJob: Sendable {
  private static let name = "past-date-check"
  /// For all removals together.
  private static let timeout = Duration.seconds(3600)

  let check: PastDateCheck
  let logger: Logger

  /// Runs it now.
  /// - Parameter isScheduled: whether it is the day's own run, of which there is one for all replicas.
  /// - Returns: nil if another replica runs it, or has run it today.
  /// - Throws: `PostgresError` if the patients cannot be read.
  public func run(isScheduled: Bool = false) async throws -> PastDateSummary? {
    let start = MonotonicInstant.now()
    let isMine = try await check.store.beginJob(
      Self.name,
      day: check.london.local(check.clock.now()).dateText,
      isRepeatable: !isScheduled,
      lifetime: Self.timeout + .seconds(60),
      deadline: start + .seconds(30)
    )
    guard isMine else { return nil }
    let result: Result<PastDateSummary, any Error>
    do {
      result = .success(try await check.run(for: nil, deadline: start + Self.timeout).summary)
    } catch {
      result = .failure(error)
    }
    let store = check.store
    do {
      // A task of its own: who ends the job before its time must not leave it marked as running.
      try await Task(executorPreference: EventLoop.current) {
        try await store.endJob(Self.name, deadline: .now() + .seconds(30))
      }.value
    } catch {
      logger.error("the past-date check could not be marked as ended", metadata: ["reason": "\(error)"])
    }
    return try result.get()
  }

  /// Runs it every day at a time of London's clocks, until the task is cancelled.
  public func runDaily(at time: TimeOfDay) async {
    while !Task.isCancelled {
      let now = check.clock.now()
      guard let next = time.next(after: now, check.london) else { return }
      do {
        try await Task.sleep(for: .microseconds(next.microseconds - now.microseconds))
      } catch {
        return
      }
      do {
        if try await run(isScheduled: true) == nil {
          logger.info("the past-date check of today is another replica's")
        }
      } catch {
        logger.error("the past-date check failed", metadata: ["reason": "\(error)"])
      }
    }
  }
}

/// Hours and minutes on London's clocks.
public struct TimeOfDay: Equatable, Sendable {
  private let text: String

  /// - Parameter text: `HH:mm`, 00:00 to 23:59.
  public init?(_ text: String) {
    guard text.utf8.count == 5, LocalDateTime(contractText: "2020-01-01T\(text)") != nil else { return nil }
    self.text = text
  }

  /// The first moment after `now` at which London's clocks show it.
  func next(after now: Timestamp, _ london: LondonTime) -> Timestamp? {
    for hours in stride(from: 0, through: 48, by: 12) {
      let day = london.local(now + .seconds(hours * 3600)).dateText
      guard let local = LocalDateTime(contractText: "\(day)T\(text)") else { return nil }
      let instant = london.instant(local)
      if instant > now { return instant }
    }
    return nil
  }
}
