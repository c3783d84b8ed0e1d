import Postgres

/// What keeps exact counts, so that a page needs not count all rows (docs/decisions/0022-counts-by-triggers.md). Triggers,
/// because the service replaced and people with psql write the same table. They only ever append, so no writer waits for
/// another; ``CountKeeping`` adds up what they left.
extension NonAssociationsModule {
  /// How many ids a count is of, as a number of bits: a page deep down skips at most as many rows. Part of the functions
  /// below, so another number needs another migration.
  static let countBlockBits = 14

  static let countTriggers = [
    trigger("insert", "after insert on non_association for each row", "row"),
    trigger(
      "update",
      "after update on non_association for each row when (old.is_closed <> new.is_closed or old.id <> new.id)",
      "row"
    ),
    trigger("delete", "after delete on non_association for each row", "row"),
    trigger("truncate", "after truncate on non_association for each statement", "truncated"),
  ]

  /// What was written without it is in no count, so the rows are to be counted again.
  private static func trigger(_ event: String, _ moment: String, _ function: String) -> Migration.Addition {
    let name = "non_association_count_\(event)"
    return Migration.Addition(
      .trigger,
      name: name,
      on: "non_association",
      sql: """
        create trigger \(name) \(moment) execute function non_association_count_\(function)();
        delete from non_association_count_base;
        """
    )
  }

  /// Counts of blocks of ids; what has been written since they were added up; and of which table they are, since a restore
  /// replaces the table and leaves these: they may be there when an older dump takes the history back.
  static let countTables = """
    create table if not exists non_association_count (
      block bigint primary key,
      open_rows bigint not null,
      closed_rows bigint not null
    );
    create table if not exists non_association_count_change (
      block bigint not null,
      open_rows bigint not null,
      closed_rows bigint not null
    ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
    create table if not exists non_association_count_base (
      table_oid oid not null,
      checked_at timestamptz not null default clock_timestamp()
    );
    """

  /// They act as their owner and name the schema, so that whoever may write the table needs no rights on the counts, and
  /// no search path leads elsewhere.
  static let countFunctions = """
    do $do$ begin
      execute format($f$
        create or replace function %1$I.non_association_count_row() returns trigger
          language plpgsql security definer set search_path = pg_catalog as $body$
        begin
          if tg_op = 'INSERT' then
            insert into %1$I.non_association_count_change
            values (new.id >> \(countBlockBits), (not new.is_closed)::int, new.is_closed::int);
          elsif tg_op = 'DELETE' then
            insert into %1$I.non_association_count_change
            values (old.id >> \(countBlockBits), -(not old.is_closed)::int, -old.is_closed::int);
          else
            insert into %1$I.non_association_count_change
            values (old.id >> \(countBlockBits), -(not old.is_closed)::int, -old.is_closed::int),
              (new.id >> \(countBlockBits), (not new.is_closed)::int, new.is_closed::int);
          end if;
          return null;
        end $body$
      $f$, current_schema());
      execute format($f$
        create or replace function %1$I.non_association_count_truncated() returns trigger
          language plpgsql security definer set search_path = pg_catalog as $body$
        begin
          delete from %1$I.non_association_count_base;
          return null;
        end $body$
      $f$, current_schema());
    end $do$;
    """
}
