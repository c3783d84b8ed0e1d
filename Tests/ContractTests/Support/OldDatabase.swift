@testable import Gateway

/// A database as a replaced service leaves it: its table by its contract, and Flyway's history.
enum OldDatabase {
  enum Service: Sendable {
    /// docs/contract/non-associations.md §8
    case nonAssociations
    /// docs/contract/restricted-patients.md §5
    case restrictedPatients
  }

  /// What `gateway adopt` is asked to look at.
  static func databases(nonAssociations: String?, restrictedPatients: String?) -> [AdoptCommand.Database] {
    zip(Modules.all, [nonAssociations, restrictedPatients]).compactMap { manifest, url in
      url.map { (manifest: manifest, url: $0) }
    }
  }

  /// Makes one, runs `body`, and drops it.
  /// - Parameters:
  ///   - service: whose; nil for an empty database.
  ///   - versions: what Flyway has applied; nil without a history.
  static func with<Value>(
    _ service: Service?,
    versions: [String]?,
    _ body: (TestDatabase) async throws -> Value
  ) async throws -> Value {
    let name = "contract_old_\(UInt64.random(in: 0 ... .max))"
    _ = try await Psql.run("create database \(name)", url: try Psql.serverURL)
    let database = TestDatabase(url: try Psql.url(database: name))
    let result: Result<Value, any Error>
    do {
      switch service {
      case .nonAssociations: try await database.run(nonAssociations)
      case .restrictedPatients: try await database.run(restrictedPatients)
      case nil: break
      }
      if let versions { try await database.run(history(versions)) }
      result = .success(try await body(database))
    } catch {
      result = .failure(error)
    }
    World.drop(database)
    return try result.get()
  }

  private static func history(_ versions: [String]) -> String {
    let rows = versions.enumerated().map { rank, version in
      "(\(rank + 1), '\(version)', 'step', 'SQL', 'V\(version)__step.sql', 1, 'owner', 10, true)"
    }
    return """
      create table flyway_schema_history (
        installed_rank integer primary key, version varchar(50), description varchar(200) not null,
        type varchar(20) not null, script varchar(1000) not null, checksum integer,
        installed_by varchar(100) not null, installed_on timestamp not null default now(),
        execution_time integer not null, success boolean not null);
      insert into flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by,
        execution_time, success)
      values \(rows.joined(separator: ", "));
      """
  }

  private static let nonAssociations = """
    create table non_association (
      id bigserial primary key,
      first_prisoner_number varchar(10) not null check (length(first_prisoner_number) > 0),
      first_prisoner_role varchar(20) not null check (length(first_prisoner_role) > 0),
      second_prisoner_number varchar(10) not null check (length(second_prisoner_number) > 0),
      second_prisoner_role varchar(20) not null check (length(second_prisoner_role) > 0),
      reason varchar(20) not null check (length(reason) > 0),
      restriction_type varchar(20) not null check (length(restriction_type) > 0),
      comment text not null check (length(comment) > 0),
      when_created timestamptz not null default now(),
      when_updated timestamptz not null default now(),
      authorised_by varchar(60),
      updated_by varchar(60) not null,
      is_closed boolean not null default false,
      closed_by varchar(60) check (is_closed = (closed_by is not null)),
      closed_reason text check (is_closed = (closed_reason is not null)),
      closed_at timestamptz check (is_closed = (closed_at is not null)),
      constraint non_association_different_people check (first_prisoner_number <> second_prisoner_number)
    );
    create index non_association_idx_p1 on non_association (first_prisoner_number);
    create index non_association_idx_p2 on non_association (second_prisoner_number);
    create index non_association_idx_p1p2 on non_association (first_prisoner_number, second_prisoner_number);
    """

  private static let restrictedPatients = """
    create table restricted_patients (
      from_location_id varchar(5) not null,
      hospital_location_code varchar(10) not null,
      supporting_prison_id varchar(5) not null,
      discharge_time timestamp not null,
      comment_text varchar(240),
      create_user_id varchar(32),
      create_datetime timestamp not null,
      modify_datetime timestamp,
      modify_user_id varchar(32),
      prisoner_number varchar(7) not null,
      constraint restricted_patients_pkey primary key (prisoner_number)
    );
    create index restricted_patients_discharged_hospital_idx on restricted_patients (hospital_location_code);
    create index restricted_patients_prisoner_number_idx on restricted_patients (prisoner_number);
    """
}

extension TestDatabase {
  /// What Flyway validates at the old service's start: every row of its history, byte by byte.
  func flywayHistory() async throws -> String {
    try await row("select string_agg(h::text, E'\\n' order by installed_rank) from flyway_schema_history h")
  }
}
