public import Postgres
public import Time

/// What operators do with the messages of a module's outbox that were set aside: those whose content the broker called
/// invalid, and those that were meant for another destination. It needs the database alone.
public struct OutboxAdministration: Sendable {
  /// A message that was set aside, without what is in it.
  public struct Entry: Sendable {
    /// Of the row.
    public let id: Int64
    /// `event` or `audit`.
    public let kind: String
    /// The event type, or what an audit message says was done.
    public let eventType: String
    /// Attempts that failed.
    public let attempts: Int
    /// When the change was committed.
    public let recordedAt: Timestamp
    /// When the relay gave it up.
    public let setAsideAt: Timestamp
    /// What the broker said, or where the message was meant to go.
    public let reason: String
  }

  /// As given to ``PostgresOutbox``.
  public let module: String
  private let database: PostgresDatabase

  /// - Parameters:
  ///   - module: as given to ``PostgresOutbox``.
  ///   - database: migrated by ``EventsMigrations``.
  public init(module: String, database: PostgresDatabase) {
    self.module = module
    self.database = database
  }

  /// What is set aside, in the order of the outbox.
  /// - Parameter limit: messages at most; a negative number gives none.
  /// - Returns: how many there are, and the first of them.
  /// - Throws: `PostgresError`.
  public func setAside(limit: Int, deadline: MonotonicInstant) async throws -> (found: Int, entries: [Entry])
  {
    let rows = try await database.query(
      Self.list,
      [.text(module), .int8(Int64(max(0, limit)))],
      deadline: deadline
    )
    let found = try rows.first?.int64(0) ?? 0
    let entries = try rows.compactMap { row -> Entry? in
      guard let id = try row.optionalInt64(1) else { return nil }
      return Entry(
        id: id,
        kind: try row.text(2),
        eventType: try row.text(3),
        attempts: Int(try row.int64(4)),
        recordedAt: try row.timestamp(5),
        setAsideAt: try row.timestamp(6),
        reason: try row.text(7)
      )
    }
    return (Int(found), entries)
  }

  /// Has everything that was set aside retried. Later messages of the same subjects may be out already. What still
  /// cannot be sent is set aside again.
  /// - Returns: how many messages.
  /// - Throws: `PostgresError`.
  @discardableResult
  public func retry(deadline: MonotonicInstant) async throws -> Int {
    try await database.withTransaction(deadline: deadline) { transaction in
      let count = try await transaction.execute(Self.retry, [.text(module)])
      for kind in [OutboxStream.Kind.event, .audit] where count > 0 {
        transaction.notify(PostgresOutbox.channel, OutboxStream(module: module, kind: kind).name)
      }
      return count
    }
  }

  private static let list = PostgresStatement(
    name: "outbox_set_aside_list",
    sql: """
      select n.count, o.id, o.kind, o.event_type, o.attempts, o.created_at, o.set_aside_at,
        coalesce(o.last_error, '')
      from (
        select count(*) from gateway_outbox
        where module = $1 and kind in ('event', 'audit') and set_aside_at is not null
      ) n
      left join lateral (
        select * from gateway_outbox
        where module = $1 and kind in ('event', 'audit') and set_aside_at is not null
        order by id limit $2
      ) o on true
      order by o.id
      """
  )

  private static let retry = PostgresStatement(
    name: "outbox_retry",
    sql: """
      update gateway_outbox set set_aside_at = null, attempts = 0, due_at = now()
      where module = $1 and kind in ('event', 'audit') and set_aside_at is not null
      """
  )
}
