import Postgres
internal import Time

/// Jobs that one replica runs at a time. Who runs one holds it for a short time and takes it for longer again and again,
/// so that a process that died keeps nobody waiting; the day counts as done only once the work is.
extension RestrictedPatientsStore {
  /// Whose turn a job is.
  enum JobTurn: Sendable {
    case mine(JobHold)
    /// Another process is at it, or was until a moment ago.
    case running
    /// The day's work has been done.
    case done
  }

  /// Names the time until which a process holds a job; nobody else can end or prolong what it names.
  struct JobHold: Sendable {
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

  private static let keepJob = PostgresStatement(
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
  ///   - lifetime: after which another replica may take it, unless it is kept.
  func beginJob(
    _ name: String,
    day: String,
    isRepeatable: Bool,
    lifetime: Duration,
    deadline: MonotonicInstant
  ) async throws -> JobTurn {
    try await database.withTransaction(deadline: deadline) { transaction in
      let taken = try await transaction.query(
        Self.beginJob,
        [.text(name), .text(day), .int8(lifetime.wholeMilliseconds), .bool(isRepeatable)]
      )
      if let row = taken.first { return .mine(JobHold(until: try row.text(0))) }
      guard !isRepeatable else { return .running }
      let isDone = try await transaction.query(Self.isJobDone, [.text(name), .text(day)]).first?.bool(0)
      return isDone == true ? .done : .running
    }
  }

  /// - Returns: nil if another process has taken the job meanwhile.
  func keepJob(_ name: String, _ hold: JobHold, lifetime: Duration, deadline: MonotonicInstant) async throws
    -> JobHold?
  {
    try await database.withTransaction(deadline: deadline) { transaction in
      try await transaction.query(
        Self.keepJob,
        [.text(name), .text(hold.until), .int8(lifetime.wholeMilliseconds)]
      ).first.map { JobHold(until: try $0.text(0)) }
    }
  }

  /// Lets a job go.
  /// - Parameter doneDay: the day whose work is done; nil if it is not.
  func endJob(_ name: String, _ hold: JobHold, doneDay: String?, deadline: MonotonicInstant) async throws {
    _ = try await database.withTransaction(deadline: deadline) { transaction in
      try await transaction.execute(
        Self.endJob,
        [.text(name), .text(hold.until), doneDay.map { .text($0) } ?? .null]
      )
    }
  }
}
