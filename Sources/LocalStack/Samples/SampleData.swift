public import Postgres
public import Time

/// Puts the sample non-associations where there are none, so that a fresh all-in-one profile has something to show.
public enum SampleData {
  private static let isEmpty = PostgresStatement(
    name: "sample_is_empty",
    sql: "select not exists (select from non_association)"
  )

  /// Loads the samples into an empty table; leaves any other alone.
  /// - Returns: whether they were loaded.
  /// - Throws: `PostgresError`.
  @discardableResult
  public static func load(into database: PostgresDatabase, deadline: MonotonicInstant) async throws -> Bool {
    try await database.withTransaction(deadline: deadline) { transaction in
      guard try await transaction.query(isEmpty).first?.bool(0) == true else { return false }
      for sample in SampleNonAssociation.all {
        let columns = sample.columns
        let names = columns.map(\.name).joined(separator: ", ")
        let values = columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        let insert = PostgresStatement(
          name: "sample_insert",
          sql: "insert into non_association (\(names)) values (\(values))"
        )
        try await transaction.execute(insert, columns.map(\.value))
      }
      return true
    }
  }
}
