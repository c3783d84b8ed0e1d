internal import Postgres
internal import Time

/// A lease that one process at a time may hold, and that expires: no connection is held while work is done elsewhere,
/// and a process that died keeps nobody waiting.
struct Lease: Sendable {
  let name: String
  let database: PostgresDatabase

  /// - Returns: whether the caller holds the lease, for `duration` from now.
  func take(for duration: Duration, deadline: MonotonicInstant) async throws -> Bool {
    try await database.withTransaction(deadline: deadline) { transaction in
      try await transaction.execute(Self.take, [.text(name), .int8(duration.wholeMilliseconds)]) > 0
    }
  }

  private static let take = PostgresStatement(
    name: "lease_take",
    sql: """
      insert into gateway_lease (name, ends_at) values ($1, now() + $2 * interval '1 millisecond')
      on conflict (name) do update set ends_at = excluded.ends_at where gateway_lease.ends_at <= now()
      """
  )
}
