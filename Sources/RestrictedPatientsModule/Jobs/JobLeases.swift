import ModuleKit
import Postgres
internal import Time

/// The turns of a job that one replica runs at a time. Whoever runs it holds a lease for a short time and renews
/// it, so that a process that died keeps nobody waiting; the day counts as done only once the work is.
struct JobLeases: Sendable {
  /// Whose turn the job is.
  enum Turn: Sendable {
    case mine(RestrictedPatientsStore.JobLease)
    /// Another process runs it, or did until a moment ago.
    case running
    /// The day's work has been done.
    case done
  }

  private static let timeout = Duration.seconds(30)

  let job: String
  let store: RestrictedPatientsStore
  let changes: Changes
  let clock: any MonotonicClock

  /// - Parameters:
  ///   - day: `yyyy-MM-dd`.
  ///   - isRepeatable: whether the job may run more than once for a day.
  ///   - lifetime: after which another replica may take it, unless it is renewed.
  func take(day: String, isRepeatable: Bool, for lifetime: Duration) async throws -> Turn {
    try await changes.commit(before: clock.now() + Self.timeout) { unit in
      let lease = try await store.takeJob(
        job,
        day: day,
        isRepeatable: isRepeatable,
        lifetime: lifetime,
        in: unit
      )
      if let lease { return .mine(lease) }
      guard !isRepeatable else { return .running }
      return try await store.isJobDone(job, day: day, in: unit) ? .done : .running
    }
  }

  /// - Returns: nil if another process has taken the job meanwhile.
  func renew(
    _ lease: RestrictedPatientsStore.JobLease,
    for lifetime: Duration,
    within timeout: Duration
  ) async throws -> RestrictedPatientsStore.JobLease? {
    try await changes.commit(before: clock.now() + timeout) { unit in
      try await store.renewJob(job, lease, lifetime: lifetime, in: unit)
    }
  }

  /// Ends the lease.
  /// - Parameter doneDay: the day whose work is done; nil if it is not.
  func end(_ lease: RestrictedPatientsStore.JobLease, doneDay: String?) async throws {
    try await changes.commit(before: clock.now() + Self.timeout) { unit in
      try store.enqueueEndOfJob(job, lease, doneDay: doneDay, in: unit)
    }
  }
}
