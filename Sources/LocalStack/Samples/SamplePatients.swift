public import Doubles
public import Postgres
public import Time

/// Puts the sample restricted patients where there are none. The sentence of one of them is over, for the past-date
/// check to find.
public enum SamplePatients {
  private static let isEmpty = PostgresStatement(
    name: "sample_patients_is_empty",
    sql: "select not exists (select from restricted_patients)"
  )

  private static let insert = PostgresStatement(
    name: "sample_patients_insert",
    sql: """
      insert into restricted_patients (
        prisoner_number, from_location_id, hospital_location_code, supporting_prison_id, discharge_time,
        comment_text, create_user_id, create_datetime, modify_user_id, modify_datetime)
      select $1, $2, $3, $2, t, 'Sample patient', 'SAMPLE_DATA', t, 'SAMPLE_DATA', t from (select $4::text::timestamp) x (t)
      """
  )

  private static let discharges = PostgresStatement(
    name: "sample_patients_discharges",
    sql: """
      select prisoner_number, from_location_id, hospital_location_code, to_char(discharge_time, 'YYYY-MM-DD'),
        to_char(discharge_time, 'HH24:MI:SS'), comment_text
      from restricted_patients
      """
  )

  /// Tells records that nobody has kept who is in hospital.
  /// - Throws: `PostgresError`.
  public static func restore(
    _ records: PrisonRecords,
    from database: PostgresDatabase,
    deadline: MonotonicInstant
  ) async throws {
    for row in try await database.query(discharges, deadline: deadline) {
      let movement = SampleMovement(
        fromAgency: try row.text(1),
        toAgency: try row.text(2),
        type: "REL",
        reason: "HP",
        date: try row.text(3),
        time: try row.text(4),
        comment: try row.optionalText(5)
      )
      records.record(movement, of: try row.text(0))
    }
  }

  /// Of whom there are records.
  private static let numbers = ["N3457PQ", "P4568QR"]

  /// Loads the samples into an empty table; leaves any other alone.
  /// - Returns: whether they were loaded.
  /// - Throws: `PostgresError`.
  @discardableResult
  public static func load(into database: PostgresDatabase, deadline: MonotonicInstant) async throws -> Bool {
    try await database.withTransaction(deadline: deadline) { transaction in
      guard try await transaction.query(isEmpty).first?.bool(0) == true else { return false }
      for number in numbers {
        guard let movement = SampleMovement.all[number] else { continue }
        try await transaction.execute(
          insert,
          [
            .text(number), .text(movement.fromAgency), .text(movement.toAgency),
            .text("\(movement.date)T\(movement.time)"),
          ]
        )
      }
      return true
    }
  }
}
