public import Doubles
public import Postgres
internal import Time

/// The restricted patients of a database, for the double of prisoner search: the real one asks the service for them.
public enum SearchedPatients {
  private static let all = PostgresStatement(
    name: "searched_patients",
    sql: """
      select prisoner_number, supporting_prison_id, hospital_location_code, to_char(discharge_time, 'YYYY-MM-DD'),
        comment_text
      from restricted_patients
      """
  )

  /// - Throws: `PostgresError`, from what it returns.
  public static func source(
    _ database: PostgresDatabase,
    _ records: PrisonRecords
  ) -> PrisonerSearchDouble.Patients {
    {
      var patients: [String: SearchedPatient] = [:]
      for row in try await database.query(all, deadline: database.clock.now() + .seconds(5)) {
        let hospital = try row.text(2)
        patients[try row.text(0)] = SearchedPatient(
          supportingPrisonID: try row.text(1),
          hospitalID: hospital,
          hospitalName: records.agencies.first { $0.id == hospital }?.description ?? hospital,
          dischargeDate: try row.text(3),
          details: try row.optionalText(4)
        )
      }
      return patients
    }
  }
}
