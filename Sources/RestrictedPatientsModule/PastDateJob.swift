import EventLoops
import Logging
import ServiceKit
internal import Time

/// The past-date check as a job (`restricted-patients.md` §12): for `gateway batch`, and once a day where the deployment
/// wants that. One replica runs it at a time. A day's run that fails, or whose process dies, is tried again.
public struct PastDateJob: Sendable {
  private static let name = "past-date-check"
  /// For all removals together.
  private static let timeout = Duration.seconds(3600)
  /// How long a process that says no more keeps others from it, and how often it says so.
  private static let lifetime = Duration.seconds(60)
  private static let keepInterval = Duration.seconds(20)

  /// What came of a try.
  private enum Outcome {
    case ran(PastDateSummary)
    case running
    case done
  }

  let check: PastDateCheck
  let logger: Logger

  /// Runs it now.
  /// - Parameter isScheduled: whether it is the day's own run, of which there is one for all replicas.
  /// - Returns: nil if another replica runs it, or has run it today.
  /// - Throws: `PostgresError` if the patients cannot be read.
  public func run(isScheduled: Bool = false) async throws -> PastDateSummary? {
    let today = check.london.local(check.clock.now()).dateText
    guard case .ran(let summary) = try await attempt(day: today, isRepeatable: !isScheduled) else {
      return nil
    }
    return summary
  }

  private func attempt(day: String, isRepeatable: Bool) async throws -> Outcome {
    let start = MonotonicInstant.now()
    let turn = try await check.store.beginJob(
      Self.name,
      day: day,
      isRepeatable: isRepeatable,
      lifetime: Self.lifetime,
      deadline: start + .seconds(30)
    )
    let hold: RestrictedPatientsStore.JobHold
    switch turn {
    case .mine(let mine): hold = mine
    case .running: return .running
    case .done: return .done
    }
    let (result, latest) = await holding(hold) {
      try await check.run(for: nil, deadline: start + Self.timeout).summary
    }
    let isComplete = (try? result.get().isComplete) ?? false
    // A task of its own: one that was cancelled lets the job go all the same.
    let end = Task(executorPreference: EventLoop.current) {
      try await check.store.endJob(
        Self.name,
        latest,
        doneDay: isComplete ? day : nil,
        deadline: .now() + .seconds(30)
      )
    }
    do {
      try await end.value
    } catch {
      logger.error("the past-date check could not be marked as ended", metadata: ["reason": "\(error)"])
    }
    return .ran(try result.get())
  }

  /// Keeps the job while `work` goes on; cancels it if another process has taken the job.
  /// - Returns: also the hold that ends the job.
  private func holding(
    _ hold: RestrictedPatientsStore.JobHold,
    _ work: @escaping @Sendable () async throws -> PastDateSummary
  ) async -> (Result<PastDateSummary, any Error>, RestrictedPatientsStore.JobHold) {
    let working = Task { try await work() }
    let keeping = Task {
      var hold = hold
      while (try? await Task.sleep(for: Self.keepInterval)) != nil {
        do {
          let kept = try await check.store.keepJob(
            Self.name,
            hold,
            lifetime: Self.lifetime,
            deadline: .now() + Self.keepInterval
          )
          if let kept { hold = kept } else { working.cancel() }
        } catch {
          logger.warning("the past-date check could not be kept", metadata: ["reason": "\(error)"])
        }
      }
      return hold
    }
    let result = await withTaskCancellationHandler {
      await working.result
    } onCancel: {
      working.cancel()
    }
    keeping.cancel()
    return (result, await keeping.value)
  }

  /// Runs it every day at a time of London's clocks, until the task is cancelled. A run that fails is tried again for two
  /// hours, and a process that starts within them makes up for one that did not get to it.
  /// - Parameter sleep: waits, and throws when the task is cancelled.
  public func runDaily(
    at time: TimeOfDay,
    sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) async {
    var plan = DailyPlan(time, check.london)
    while !Task.isCancelled {
      let now = check.clock.now()
      guard let due = plan.next(at: now) else { return }
      do {
        try await sleep(.microseconds(max(0, due.instant.microseconds - now.microseconds)))
      } catch {
        return
      }
      // The clock may have been put back while this slept.
      guard check.clock.now() >= due.instant else { continue }
      let isDone = await runOnce(for: due.day)
      guard !Task.isCancelled else { return }
      if !plan.note(isDone, of: due.day, at: check.clock.now()) {
        logger.error("the past-date check is given up until tomorrow", metadata: ["day": "\(due.day)"])
      }
    }
  }

  /// - Returns: whether the day's work is done.
  private func runOnce(for day: String) async -> Bool {
    do {
      switch try await attempt(day: day, isRepeatable: false) {
      case .ran(let summary):
        if !summary.isComplete { logger.error("the past-date check is not complete, and is tried again") }
        return summary.isComplete
      case .running: return false
      case .done:
        logger.info("the past-date check of today is done")
        return true
      }
    } catch {
      logger.error("the past-date check failed, and is tried again", metadata: ["reason": "\(error)"])
      return false
    }
  }
}
