import ModuleKit
import Postgres
internal import Time

/// The leases of jobs that one replica runs at a time.
extension RestrictedPatientsStore {
  /// Names the time until which a process holds a job; nobody else can end or renew it.
  struct JobLease: Sendable {
    fileprivate let until: String
  }

  private static let until = "to_char(running_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"

  private static let beginJob = PostgresStatement(
    name: "restricted_patient_job_begin",
    sql: """
      insert into restricted_patients_job as j (name, running_until)
      values ($1, now() + $3 * interval '1 millisecond')
      on conflict (name) do update set running_until = excluded.running_until
      where (j.running_until is null or j.running_until <= now()) and ($4 or j.last_day < $2)
      returning \(until)
      """
  )

  private static let isJobDone = PostgresStatement(
    name: "restricted_patient_job_done",
    sql: "select last_day >= $2 from restricted_patients_job where name = $1"
  )

  private static let renewJob = PostgresStatement(
    name: "restricted_patient_job_keep",
    sql: """
      update restricted_patients_job set running_until = now() + $3 * interval '1 millisecond'
      where name = $1 and running_until = $2::text::timestamp at time zone 'UTC' returning \(until)
      """
  )

  private static let endJob = PostgresStatement(
    name: "restricted_patient_job_end",
    sql: """
      update restricted_patients_job set running_until = null, last_day = greatest(last_day, coalesce($3::text, ''))
      where name = $1 and running_until = $2::text::timestamp at time zone 'UTC'
      """
  )

  /// Takes a job.
  /// - Parameters:
  ///   - day: `yyyy-MM-dd`.
  ///   - isRepeatable: whether it may run more than once for a day.
  ///   - lifetime: after which another replica may take it, unless it is renewed.
  /// - Returns: nil if another process holds it, or the day's work is done.
  func takeJob(
    _ name: String,
    day: String,
    isRepeatable: Bool,
    lifetime: Duration,
    in unit: UnitOfWork
  ) async throws -> JobLease? {
    try await unit.query(
      Self.beginJob,
      [.text(name), .text(day), .int8(lifetime.wholeMilliseconds), .bool(isRepeatable)]
    ).first.map { JobLease(until: try $0.text(0)) }
  }

  /// Whether the day's work is done.
  func isJobDone(_ name: String, day: String, in unit: UnitOfWork) async throws -> Bool {
    try await unit.query(Self.isJobDone, [.text(name), .text(day)]).first?.bool(0) ?? false
  }

  /// - Returns: nil if another process has taken the job meanwhile.
  func renewJob(
    _ name: String,
    _ lease: JobLease,
    lifetime: Duration,
    in unit: UnitOfWork
  ) async throws -> JobLease? {
    try await unit.query(
      Self.renewJob,
      [.text(name), .text(lease.until), .int8(lifetime.wholeMilliseconds)]
    ).first.map { JobLease(until: try $0.text(0)) }
  }

  /// Queues the end of a lease.
  /// - Parameter doneDay: the day whose work is done; nil if it is not.
  func enqueueEndOfJob(_ name: String, _ lease: JobLease, doneDay: String?, in unit: UnitOfWork) throws {
    try unit.enqueue(Self.endJob, [.text(name), .text(lease.until), .optional(doneDay)])
  }
}
