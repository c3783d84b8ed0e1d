import Concurrency
import Logging
import ModuleKit
import ServiceKit
import Time

/// The past-date check as a job (docs/contract/restricted-patients.md §12): for `gateway batch`, and once a day where
/// the deployment wants that. One replica runs it at a time. A day's run that fails, or whose process dies, is tried
/// again.
struct PastDateJob: Sendable {
  static let name = "past-date-check"
  /// For all of it, whoever asks: long enough for every patient there is.
  static let timeout = Duration.seconds(3600)
  /// The lease's, after which another replica takes over from a process that died, and how often it is renewed.
  private static let lifetime = Duration.seconds(60)
  private static let renewalInterval = Duration.seconds(20)

  /// What came of an attempt.
  private enum Outcome {
    case ran(PastDateSummary)
    case running
    case done
  }

  private let module: RestrictedPatientsModule
  let leases: JobLeases

  private var logger: Logger { module.logger }

  init(_ module: RestrictedPatientsModule) {
    self.module = module
    leases = JobLeases(
      job: Self.name,
      store: module.store,
      changes: module.changes,
      clock: module.monotonicClock
    )
  }

  /// Runs it now.
  /// - Parameter isScheduled: whether it is the day's own run, of which there is one for all replicas.
  /// - Returns: nil if another replica runs it, or has run it today.
  /// - Throws: what keeps it from being run: see ``RestrictedPatientsModule/checkPastDates(for:before:)``.
  func run(isScheduled: Bool = false) async throws -> PastDateSummary? {
    let today = module.london.local(module.clock.now()).dateText
    guard case .ran(let summary) = try await attempt(day: today, isRepeatable: !isScheduled) else {
      return nil
    }
    return summary
  }

  private func attempt(day: String, isRepeatable: Bool) async throws -> Outcome {
    let start = module.monotonicClock.now()
    let lease: RestrictedPatientsStore.JobLease
    switch try await leases.take(day: day, isRepeatable: isRepeatable, for: Self.lifetime) {
    case .mine(let mine): lease = mine
    case .running: return .running
    case .done: return .done
    }
    let (result, latest) = await holding(lease) {
      try await module.checkPastDates(for: nil, before: start + Self.timeout)
    }
    let isComplete = (try? result.get().isComplete) ?? false
    do {
      // The lease ends even if the work was cancelled.
      try await uninterrupted { try await leases.end(latest, doneDay: isComplete ? day : nil) }
    } catch {
      logger.error("the past-date check could not be marked as ended", metadata: ["reason": "\(error)"])
    }
    return .ran(try result.get())
  }

  /// Renews the lease while `work` goes on; cancels the work if another process has taken the job.
  /// - Returns: also the lease that ends the job.
  private func holding(
    _ lease: RestrictedPatientsStore.JobLease,
    _ work: @escaping @Sendable () async throws -> PastDateSummary
  ) async -> (Result<PastDateSummary, any Error>, RestrictedPatientsStore.JobLease) {
    let working = Task { try await work() }
    let renewing = Task {
      var lease = lease
      await Rounds(every: Self.renewalInterval, clock: module.monotonicClock).run {
        do {
          let renewed = try await leases.renew(lease, for: Self.lifetime, within: Self.renewalInterval)
          if let renewed { lease = renewed } else { working.cancel() }
          return true
        } catch {
          logger.warning(
            "the lease of the past-date check could not be renewed",
            metadata: ["reason": "\(error)"]
          )
          return false
        }
      }
      return lease
    }
    let result = await withTaskCancellationHandler {
      await working.result
    } onCancel: {
      working.cancel()
    }
    renewing.cancel()
    return (result, await renewing.value)
  }

  /// Runs it every day at a time of London's clocks, until the task is cancelled. A run that fails is tried again for two
  /// hours, and a process that starts within them makes up for one that did not get to it.
  /// - Parameter sleep: waits, and throws when the task is cancelled; by the module's clock, unless told otherwise.
  func runDaily(
    at time: TimeOfDay,
    sleep: (@Sendable (Duration) async throws -> Void)? = nil
  ) async {
    var plan = DailyPlan(time, module.london)
    while !Task.isCancelled {
      let now = module.clock.now()
      guard let due = plan.next(at: now) else { return }
      let pause = Duration.microseconds(max(0, due.instant.microseconds - now.microseconds))
      if let sleep {
        do { try await sleep(pause) } catch { return }
      } else {
        guard await module.monotonicClock.pause(for: pause) else { return }
      }
      // The clock may have been put back while this slept.
      guard module.clock.now() >= due.instant else { continue }
      let isDone = await runOnce(for: due.day)
      guard !Task.isCancelled else { return }
      if !plan.note(isDone, of: due.day, at: module.clock.now()) {
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

extension RestrictedPatientsModule {
  /// The check that removes everybody whose sentence is over.
  var pastDateJob: PastDateJob { PastDateJob(self) }

  var jobs: [ModuleJob] {
    let job = pastDateJob
    let daily = pastDateCheckTime.map { time -> @Sendable () async -> Void in
      { await job.runDaily(at: time) }
    }
    return [
      ModuleJob(
        PastDateJob.name,
        run: {
          try await job.run()?.description
        },
        schedule: daily
      )
    ]
  }
}
