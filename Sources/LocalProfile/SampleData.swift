public import Postgres
public import Time

/// Puts the sample non-associations where there are none, so that a fresh all-in-one profile has something to show.
public enum SampleData {
  private static let isEmpty = PostgresStatement(
    name: "sample_is_empty",
    sql: "select not exists (select from non_association)"
  )

  private static let insert = PostgresStatement(
    name: "sample_insert",
    sql: """
      insert into non_association (
        first_prisoner_number, first_prisoner_role, second_prisoner_number, second_prisoner_role, reason,
        restriction_type, comment, when_created, when_updated, authorised_by, updated_by, is_closed, closed_by,
        closed_reason, closed_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
      """
  )

  /// Loads the samples into an empty table; leaves any other alone.
  /// - Returns: whether they were loaded.
  /// - Throws: `PostgresError`.
  @discardableResult
  public static func load(into database: PostgresDatabase, deadline: MonotonicInstant) async throws -> Bool {
    try await database.withTransaction(deadline: deadline) { transaction in
      guard try await transaction.query(isEmpty).first?.bool(0) == true else { return false }
      for sample in SampleNonAssociation.all {
        try await transaction.execute(insert, parameters(sample))
      }
      return true
    }
  }

  private static func parameters(_ sample: SampleNonAssociation) -> [PostgresValue] {
    let created = SampleNonAssociation.time(day: sample.day)
    let closure = sample.closure
    let closed = closure.map { SampleNonAssociation.time(day: $0.day) }
    return [
      .text(sample.first.number), .text(sample.first.role), .text(sample.second.number),
      .text(sample.second.role),
      .text(sample.reason), .text(sample.restrictionType), .text(sample.comment), .timestamp(created),
      .timestamp(closed ?? created), .text(sample.by), .text(closure?.by ?? sample.by), .bool(closure != nil),
      closure.map { .text($0.by) } ?? .null, closure.map { .text($0.reason) } ?? .null,
      closed.map { .timestamp($0) } ?? .null,
    ]
  }
}
