internal import Postgres
internal import ServiceKit
internal import Time

/// The SQL of one stream of the outbox.
struct OutboxStore: Sendable {
  let database: PostgresDatabase
  let stream: OutboxStream

  /// What a relay does with the rows it claimed. Each id is in one list at most.
  struct Settlement: Sendable {
    var published: [Int64] = []
    var setAside: [(id: Int64, reason: String)] = []
    /// To be retried: `attempts` more count against the row.
    var postponed: [(id: Int64, delay: Duration, attempts: Int, reason: String?)] = []
  }

  /// Claims, for each subject that nobody has claimed, its first unpublished row. The claim holds for all relays on the
  /// database; it ends with ``settle(_:claim:deadline:)`` or after `duration`.
  /// - Parameters:
  ///   - limit: rows at most.
  ///   - claim: names this claim alone.
  ///   - prefersUntried: rows that never failed come first, rather than in the order of the outbox.
  func claim(
    limit: Int,
    claim: Int64,
    for duration: Duration,
    prefersUntried: Bool,
    deadline: MonotonicInstant
  ) async throws -> [OutboxRow] {
    try await database.withTransaction(deadline: deadline) { transaction in
      try await transaction.query(
        prefersUntried ? Self.claimUntriedFirst : Self.claimInOrder,
        [
          .text(stream.module), .text(stream.kind.rawValue), .int8(Int64(limit)), .int8(claim),
          .int8(duration.wholeMilliseconds),
        ]
      ).map { row in
        OutboxRow(
          id: try row.int64(0),
          eventType: try row.text(1),
          message: try row.bytes(2),
          attempts: Int(try row.int64(3)),
          record: try row.optionalText(4),
          span: try Self.span(row),
          operation: try row.optionalText(8),
          destination: try row.optionalText(7)
        )
      }
    }
  }

  /// Marks what became of the rows, as far as `claim` still holds.
  /// - Returns: how many rows were marked.
  func settle(_ settlement: Settlement, claim: Int64, deadline: MonotonicInstant) async throws -> Int {
    try await database.withTransaction(deadline: deadline) { transaction in
      var marked = 0
      if !settlement.published.isEmpty {
        marked += try await transaction.execute(
          Self.markPublished,
          [.int8(claim), .int8Array(settlement.published)]
        )
      }
      for row in settlement.setAside {
        marked += try await transaction.execute(
          Self.setAside,
          [.int8(claim), .int8(row.id), .text(row.reason)]
        )
      }
      for row in settlement.postponed {
        marked += try await transaction.execute(
          Self.postpone,
          [
            .int8(claim), .int8(row.id), .int8(row.delay.wholeMilliseconds),
            .int4(Int32(clamping: row.attempts)),
            .optional(row.reason),
          ]
        )
      }
      return marked
    }
  }

  /// Deletes published rows that are older than `retention`.
  /// - Returns: how many, at most `limit`.
  func prune(olderThan retention: Duration, limit: Int, deadline: MonotonicInstant) async throws -> Int {
    try await database.withTransaction(deadline: deadline) { transaction in
      try await transaction.execute(
        Self.prune,
        [
          .text(stream.module), .text(stream.kind.rawValue), .int8(retention.wholeMilliseconds),
          .int8(Int64(limit)),
        ]
      )
    }
  }

  /// - Returns: depth, age of the oldest and number set aside.
  func statistics(deadline: MonotonicInstant) async throws -> OutboxStatistics {
    var statistics = OutboxStatistics()
    let rows = try await database.query(
      Self.count,
      [.text(stream.module), .text(stream.kind.rawValue)],
      deadline: deadline
    )
    guard let row = rows.first else { return statistics }
    statistics.depth = Int(try row.int64(0))
    statistics.oldestAge = try row.optionalInt64(1).map { .milliseconds($0) }
    statistics.setAside = Int(try row.int64(2))
    return statistics
  }

  private static func span(_ row: PostgresRow) throws -> SpanContext? {
    guard let text = try row.optionalText(5) else { return nil }
    return SpanContext(traceparent: text, state: try row.optionalText(6))
  }

  // MARK: Statements

  /// No more rows are claimed once those before hold so much: the messages are all in memory at once.
  static let claimedBytes = 8 * 1024 * 1024

  static let claimInOrder = claimStatement("outbox_claim", order: "o.id + 0")
  static let claimUntriedFirst = claimStatement("outbox_probe", order: "o.due_at, o.id")

  /// A row is claimable only if no earlier one of its subject is unpublished. Whoever has claimed the earlier one, and
  /// whatever this statement's snapshot is, that cannot let a later event overtake: a published row is never unpublished
  /// again.
  ///
  /// `offset 0` keeps the look for an earlier row a look of its own, by the subject's index. PostgreSQL would make a join of
  /// it, and because an outbox is nearly empty whenever its statistics are taken, one that compares each row that waits with
  /// all others. `id > 0` and `id + 0` say nothing of the rows: they name the index of the rows in their order, and keep it
  /// from the look for the subject's, and others from this one (see `EventsMigrations`).
  private static func claimStatement(_ name: String, order: String) -> PostgresStatement {
    PostgresStatement(
      name: name,
      sql: """
        with head as (
          select o.id, octet_length(o.message) as size from gateway_outbox o
          where o.module = $1 and o.kind = $2 and o.published_at is null and o.set_aside_at is null
            and o.id > 0 and o.due_at <= now()
            and not exists (
              select from gateway_outbox e
              where e.module = $1 and e.kind = $2 and e.subject = o.subject and e.id < o.id
                and e.published_at is null and e.set_aside_at is null offset 0
            )
          order by \(order) limit $3 for update of o skip locked
        ), fitting as (
          select id from (select id, sum(size) over (order by id) - size as before from head) sized
          where before < \(claimedBytes)
        )
        update gateway_outbox o set claim = $4, due_at = now() + $5 * interval '1 millisecond'
        from fitting where o.id = fitting.id
        returning o.id, o.event_type, o.message, o.attempts, o.record, o.traceparent, o.tracestate,
          o.destination, o.operation
        """
    )
  }

  private static let markPublished = PostgresStatement(
    name: "outbox_published",
    sql: """
      update gateway_outbox set published_at = now(), claim = null, last_error = null
      where claim = $1 and id = any($2) and published_at is null
      """
  )

  /// So many more, and never more than the column holds: a row may be retried for ever.
  private static func attempts(_ more: String) -> String {
    "least(attempts::bigint + \(more), \(Int32.max))::integer"
  }

  private static let setAside = PostgresStatement(
    name: "outbox_set_aside",
    sql: """
      update gateway_outbox set set_aside_at = now(), claim = null, attempts = \(attempts("1")), last_error = $3
      where claim = $1 and id = $2 and published_at is null
      """
  )

  private static let postpone = PostgresStatement(
    name: "outbox_postpone",
    sql: """
      update gateway_outbox
      set claim = null, due_at = now() + $3 * interval '1 millisecond', attempts = \(attempts("$4")),
        last_error = coalesce($5, last_error)
      where claim = $1 and id = $2 and published_at is null
      """
  )

  private static let prune = PostgresStatement(
    name: "outbox_prune",
    sql: """
      delete from gateway_outbox where id in (
        select id from gateway_outbox
        where module = $1 and kind = $2 and published_at < now() - $3 * interval '1 millisecond'
        order by published_at limit $4 for update skip locked
      )
      """
  )

  private static let count = PostgresStatement(
    name: "outbox_count",
    sql: """
      select count(*),
        (extract(epoch from clock_timestamp() - min(created_at) filter (where isfinite(created_at))) * 1000)::bigint,
        (select count(*) from gateway_outbox where module = $1 and kind = $2 and set_aside_at is not null)
      from gateway_outbox
      where module = $1 and kind = $2 and published_at is null and set_aside_at is null and id > 0
      """
  )
}
