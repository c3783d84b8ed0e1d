import EventLoops
import Postgres

/// Jobs that one replica runs at a time.
extension RestrictedPatientsStore {
  private static let beginJob = PostgresStatement(
    name: "restricted_patient_job_begin",
    sql: """
      insert into restricted_patients_job as j (name, last_day, running_until)
      values ($1, $2, now() + $3 * interval '1 millisecond')
      on conflict (name) do update set last_day = excluded.last_day, running_until = excluded.running_until
      where (j.running_until is null or j.running_until <= now()) and ($4 or j.last_day < excluded.last_day)
      """
  )

  private static let endJob = PostgresStatement(
    name: "restricted_patient_job_end",
    sql: "update restricted_patients_job set running_until = null where name = $1"
  )

  /// Takes a job.
  /// - Parameters:
  ///   - day: `yyyy-MM-dd`.
  ///   - isRepeatable: whether it may run more than once for a day.
  ///   - lifetime: after which another replica may take it, because this one must have ended.
  /// - Returns: false if another replica has it, or had it for this day.
  func beginJob(
    _ name: String,
    day: String,
    isRepeatable: Bool,
    lifetime: Duration,
    deadline: MonotonicInstant
  ) async throws -> Bool {
    try await database.withTransaction(deadline: deadline) { transaction in
      try await transaction.execute(
        Self.beginJob,
        [
          .text(name), .text(day), .int8(Int64(clamping: lifetime.wholeNanoseconds / 1_000_000)),
          .bool(isRepeatable),
        ]
      ) == 1
    }
  }

  func endJob(_ name: String, deadline: MonotonicInstant) async throws {
    _ = try await database.withTransaction(deadline: deadline) { transaction in
      try await transaction.execute(Self.endJob, [.text(name)])
    }
  }
}
