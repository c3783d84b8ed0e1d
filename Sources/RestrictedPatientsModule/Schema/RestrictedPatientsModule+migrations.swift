import Postgres

extension RestrictedPatientsModule {
  /// The module's schema. Step 4 is the schema that the service replaced had after its four migrations
  /// (docs/contract/restricted-patients.md §5), so a database that its Flyway has migrated is taken over as it is.
  /// Later steps are ours and add tables, and columns of those.
  static let migrations = [
    Migration(version: "4", name: "the table of restricted patients", sql: table),
    Migration(version: "5.1", name: "an archive of removed patients", sql: archive),
    Migration(version: "5.2", name: "attempts at changing prison API and the table together", sql: attempts),
    Migration(version: "5.3", name: "merges that wait for a person", sql: merges),
    Migration(version: "5.4", name: "jobs that one replica runs at a time", sql: jobs),
    Migration(version: "5.5", name: "when and by whom attempts were settled", sql: settlements),
  ]

  /// How a database of the service replaced is known.
  static let baseline = FlywayBaseline(
    versions: ["1", "2", "3", "4"],
    markerTable: "restricted_patients"
  )

  private static let table = """
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
    comment on table restricted_patients is 'Store information on prisoners currently in hospital';
    create index restricted_patients_discharged_hospital_idx on restricted_patients (hospital_location_code);
    create index restricted_patients_prisoner_number_idx on restricted_patients (prisoner_number);
    """

  /// The columns are not tied to those of the table: what was archived stays as it was.
  private static let archive = """
    create table restricted_patients_archive (
      id bigserial primary key,
      prisoner_number text not null,
      from_location_id text not null,
      hospital_location_code text not null,
      supporting_prison_id text not null,
      discharge_time timestamp not null,
      comment_text text,
      create_user_id text,
      create_datetime timestamp not null,
      modify_datetime timestamp,
      modify_user_id text,
      removed_datetime timestamp not null,
      removed_user_id text,
      removed_because text not null check (removed_because in ('USER', 'RECEPTION', 'BATCH', 'MERGE'))
    );
    comment on table restricted_patients_archive is 'Restricted patients that were removed: when, by whom and why';
    create index restricted_patients_archive_prisoner_number_idx on restricted_patients_archive (prisoner_number);
    """

  /// The unique index is what lets one of several callers change prison API for a prisoner.
  private static let attempts = """
    create table restricted_patients_attempt (
      id bigserial primary key,
      prisoner_number text not null,
      operation text not null check (operation in ('ADD', 'REMOVE')),
      requested_by text,
      started_at timestamptz not null default now(),
      expires_at timestamptz not null,
      unknown_because text
    );
    comment on table restricted_patients_attempt is
      'Calls of prison API that are under way, and those of which nobody knows whether they had an effect';
    create unique index restricted_patients_attempt_open_idx
      on restricted_patients_attempt (prisoner_number) where unknown_because is null;
    """

  /// Null until then.
  private static let settlements = """
    alter table restricted_patients_attempt
      add column settled_at timestamptz,
      add column settled_because text,
      add column settled_by text;
    comment on column restricted_patients_attempt.settled_because is
      'EVENT: what the change causes was heard; UPSTREAM: prison API was asked; PERSON: settled_by has decided';
    """

  private static let merges = """
    create table restricted_patients_merge (
      removed_number text not null,
      kept_number text not null,
      first_seen timestamp not null,
      last_seen timestamp not null,
      deliveries integer not null,
      resolved_datetime timestamp,
      resolved_user_id text,
      resolution text,
      primary key (removed_number, kept_number)
    );
    comment on table restricted_patients_merge is
      'Merges of prisoners of whom one is a restricted patient, and what a person decided';
    """

  private static let jobs = """
    create table restricted_patients_job (
      name text primary key,
      last_day text not null default '',
      running_until timestamptz
    );
    comment on table restricted_patients_job is 'Which replica runs a job, and for which day it was last run';
    """
}
