public import Postgres

/// The tables of outbox, queues and leases. They are the same for every module, so modules that share a database share
/// them, and each database has them once.
public enum EventsMigrations {
  /// For `Migrator`.
  public static let module = "events"

  /// In the order of their versions.
  public static let all = [
    Migration(version: "1.1", name: "the outbox", sql: outbox),
    Migration(version: "1.2", name: "topics and queues", sql: broker),
    Migration(version: "1.3", name: "leases", sql: leases),
    Migration(version: "1.4", name: "traces and records of the outbox", sql: outboxDetails),
    Migration(version: "1.5", name: "destinations of the outbox", sql: outboxDestinations),
    Migration(version: "1.6", name: "operations of the outbox", sql: outboxOperations),
    Migration(version: "1.7", name: "rows of an older dump", sql: outboxOrigin),
    Migration(version: "1.8", name: "an index for each look into the outbox", sql: outboxIndexes),
  ]

  /// `due_at` is when a row may be claimed: at once, after a back-off, or when the claim on it ends. The partial indexes
  /// hold what is unpublished and leave out the columns that a claim changes, so that a claim rewrites no index.
  private static let outbox = """
    create table gateway_outbox (
      id bigint generated always as identity primary key,
      module text not null,
      kind text not null check (kind in ('event', 'audit')),
      subject text not null,
      event_type text not null,
      message bytea not null,
      traceparent text,
      created_at timestamptz not null default clock_timestamp(),
      due_at timestamptz not null default clock_timestamp(),
      claim bigint,
      attempts integer not null default 0,
      last_error text,
      published_at timestamptz,
      set_aside_at timestamptz
    ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
    create index gateway_outbox_unpublished on gateway_outbox (module, kind, id)
      where published_at is null and set_aside_at is null;
    create index gateway_outbox_subject on gateway_outbox (module, kind, subject, id)
      where published_at is null and set_aside_at is null;
    create index gateway_outbox_published on gateway_outbox (module, kind, published_at)
      where published_at is not null;
    create index gateway_outbox_set_aside on gateway_outbox (module, kind, id) where set_aside_at is not null;
    """

  /// A message can be received once `visible_at` has passed; `receive_count` grows with each delivery, and names it.
  private static let broker = """
    create table gateway_topic (
      name text primary key,
      arn text not null
    );
    create table gateway_queue (
      name text primary key,
      arn text not null,
      visibility_timeout_ms bigint not null,
      dead_letter_queue text references gateway_queue,
      max_receive_count integer check (max_receive_count > 0),
      check ((dead_letter_queue is null) = (max_receive_count is null))
    );
    create table gateway_subscription (
      topic text not null references gateway_topic on delete cascade,
      queue text not null references gateway_queue on delete cascade,
      filter_policy jsonb,
      primary key (topic, queue)
    );
    create table gateway_queue_message (
      id bigint generated always as identity primary key,
      queue text not null references gateway_queue on delete cascade,
      message_id uuid not null default gen_random_uuid(),
      body text not null,
      attributes jsonb not null,
      sent_at timestamptz not null default clock_timestamp(),
      visible_at timestamptz not null default clock_timestamp(),
      receive_count integer not null default 0
    ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
    create index gateway_queue_message_visible on gateway_queue_message (queue, visible_at, id);
    """

  /// `record` is the id that telemetry names once the message is out.
  private static let outboxDetails = "alter table gateway_outbox add tracestate text, add record text;"

  /// Where a row is meant to go; null in rows of a release that does not know the column.
  private static let outboxDestinations = "alter table gateway_outbox add destination text;"

  /// The name of the request or message that a row was written for, where somebody records.
  private static let outboxOperations = "alter table gateway_outbox add operation text;"

  /// A dump of an older release takes the outbox back to before these steps, and brings rows that nobody sent. They may be
  /// another environment's, and those that note no destination could not be told from own ones (docs/contract/adoption.md
  /// §2.5). The empty table is not in such a dump, so it outlives the restore: where it is there already, rows without a
  /// destination are set aside. In an upgrade it is not, and they are sent.
  private static let outboxOrigin = """
    do $$ begin
      if to_regclass('gateway_outbox_origin') is null then
        create table gateway_outbox_origin ();
      else
        update gateway_outbox set set_aside_at = now(), claim = null,
          last_error = 'it came with a dump of an older release, and nobody knows where it was meant for'
        where destination is null and published_at is null and set_aside_at is null;
      end if;
    end $$;
    """

  /// Rows in their order, and rows of one subject in theirs. PostgreSQL takes the statistics of an outbox when it is nearly
  /// empty, or when much waits, and they are seldom true: then it finds each index as cheap as any other, looks for a
  /// subject's rows among all that wait, or for those that wait among all that were published. So each index serves the one
  /// look that it is meant for, which says `id > 0` and `id + 0`, or names a subject.
  private static let outboxIndexes = """
    drop index if exists gateway_outbox_unpublished, gateway_outbox_subject;
    create index if not exists gateway_outbox_waiting on gateway_outbox (module, kind, (id + 0))
      where published_at is null and set_aside_at is null and id > 0;
    create index if not exists gateway_outbox_of_subject on gateway_outbox (module, kind, subject, id)
      where published_at is null and set_aside_at is null and subject is not null;
    """

  private static let leases = """
    create table gateway_lease (
      name text primary key,
      ends_at timestamptz not null
    );
    """
}
