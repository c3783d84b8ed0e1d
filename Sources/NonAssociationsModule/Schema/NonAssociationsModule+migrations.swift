import Postgres

extension NonAssociationsModule {
  /// The module's schema (docs/contract/non-associations.md §8). Steps 1.1 and 1.2 are those of the service replaced, so a database
  /// that its Flyway has migrated is taken over as it is; the names of checks are PostgreSQL's own, from the order in
  /// which they stand. Later steps are ours.
  static let migrations = [
    Migration(version: "1.1", name: "the table of non-associations", sql: table),
    Migration(version: "1.2", name: "indexes by prisoner", sql: indexes),
    Migration(
      version: "2.1",
      name: "one open pair",
      sql: openPairIndex,
      tolerance: .init(
        warning: """
          some pairs of prisoners have several open non-associations, so the database cannot refuse another yet: \
          close all but one of each pair; the next start tries again
          """,
        violations: openPairsStoredTwice
      ),
      additions: [.init(.index, name: OpenPair.indexName, on: "non_association", sql: openPairIndex)]
    ),
    Migration(version: "2.2", name: "the history of non-associations", sql: historyTable),
    Migration(
      version: "2.3",
      name: "indexes by state and time",
      sql: laterIndexes.map { "\($0.sql);\n" }.joined() + "drop index if exists non_association_idx_p1;",
      additions: laterIndexes
    ),
    Migration(version: "2.4", name: "changes of prisoners' numbers", sql: numberChanges),
    Migration(
      version: "2.5",
      name: "counts of non-associations",
      sql: countTables + countFunctions + countTriggers.map { "\n\($0.sql)" }.joined(),
      additions: countTriggers
    ),
  ]

  /// How a database of the service replaced is known.
  static let baseline = FlywayBaseline(versions: ["1.1", "1.2"], markerTable: "non_association")

  private static let table = """
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
    """

  private static let indexes = """
    create index non_association_idx_p1 on non_association (first_prisoner_number);
    create index non_association_idx_p2 on non_association (second_prisoner_number);
    create index non_association_idx_p1p2 on non_association (first_prisoner_number, second_prisoner_number);
    """

  private static let openPairIndex = """
    create unique index \(OpenPair.indexName) on non_association (
      least(first_prisoner_number, second_prisoner_number),
      greatest(first_prisoner_number, second_prisoner_number)
    ) where not is_closed;
    """

  /// Each row as it became, with who changed it, when and why; nothing ever changes or deletes an entry. The columns
  /// after `requested_by` are those of `non_association`, without its checks: a record must not refuse what was.
  private static let historyTable = """
    create table non_association_history (
      id bigint generated always as identity primary key,
      change text not null,
      changed_at timestamptz not null,
      changed_by text not null,
      change_reason text,
      requested_by text,
      non_association_id bigint not null,
      first_prisoner_number text not null,
      first_prisoner_role text not null,
      second_prisoner_number text not null,
      second_prisoner_role text not null,
      reason text not null,
      restriction_type text not null,
      comment text not null,
      when_created timestamptz not null,
      when_updated timestamptz not null,
      authorised_by text,
      updated_by text not null,
      is_closed boolean not null,
      closed_by text,
      closed_reason text,
      closed_at timestamptz
    );
    create index non_association_history_idx on non_association_history (non_association_id, id);
    """

  /// Pages and their counts by state, pages by time. The index by first prisoner is the beginning of that by both.
  private static let laterIndexes = [
    ("open", "(id) where not is_closed"), ("closed", "(id) where is_closed"),
    ("when_created", "(when_created)"), ("when_updated", "(when_updated)"),
  ].map { name, rows in
    let name = "non_association_\(name)_idx"
    let sql = "create index \(name) on non_association \(rows)"
    return Migration.Addition(.index, name: name, on: "non_association", sql: sql)
  }

  /// Which numbers became which, and when: two that come in the wrong order are told by it. The event says nothing else
  /// by which it could be known again.
  private static let numberChanges = """
    create table non_association_number_change (
      id bigint generated always as identity primary key,
      event_type text not null,
      old_number text not null,
      new_number text not null,
      created_from timestamptz,
      created_until timestamptz,
      occurred_at timestamptz not null,
      recorded_at timestamptz not null default clock_timestamp()
    );
    create unique index non_association_number_change_idx on non_association_number_change
      (old_number, occurred_at, new_number, event_type, coalesce(created_from, '-infinity'));
    """

  /// The ids of each pair's open rows, as one text.
  static let openPairsStoredTwice = """
    select string_agg(id::text, ', ' order by id) from non_association where not is_closed
    group by least(first_prisoner_number, second_prisoner_number),
      greatest(first_prisoner_number, second_prisoner_number)
    having count(*) > 1 order by min(id)
    """
}
