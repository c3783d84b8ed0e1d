internal import Postgres
internal import Synchronization
public import Time

/// The domain events of one module as they are committed, for people who watch. It reads the outbox, so every process on
/// the database gives the same answer, whether or not the broker has an event yet.
public final class EventFeed: Sendable {
  /// An event as the module left it.
  public struct Entry: Sendable {
    /// Its place in the outbox.
    public let id: Int64
    /// What happened: `non-associations.created`.
    public let eventType: String
    /// The message as the topic gets it: JSON in UTF-8.
    public let message: [UInt8]
    /// When the change was written.
    public let recordedAt: Timestamp
    /// Whether the topic had it when this was read.
    public let isPublished: Bool
  }

  /// Rows of the outbox looked at in one read.
  static let batchSize: Int64 = 200
  /// The longest that a wait relies on notifications alone, and that ``close()`` takes to be noticed.
  private static let longestSilence = Duration.seconds(1)

  private let stream: OutboxStream
  private let database: PostgresDatabase
  private let signal: ChangeSignal
  private let isClosed = Mutex(false)

  /// - Parameter signal: of the channel of ``PostgresOutbox``.
  init(module: String, database: PostgresDatabase, signal: ChangeSignal) {
    stream = OutboxStream(module: module, kind: .event)
    self.database = database
    self.signal = signal
  }

  /// What was committed after `position`; waits until there is something.
  /// - Parameters:
  ///   - position: nil for the latest events there are, even if there is none.
  ///   - end: when to answer with nothing. Sooner if the feed is closed or the task cancelled.
  /// - Returns: the events in the order of the outbox, and the position after them.
  /// - Throws: `PostgresError`.
  public func events(
    after position: FeedPosition?,
    until end: MonotonicInstant,
    deadline: MonotonicInstant
  ) async throws -> (entries: [Entry], position: FeedPosition) {
    guard var position else { return try await read(after: try await start(deadline), deadline) }
    while true {
      let generation = await signal.generation(of: stream.name)
      let (entries, next) = try await read(after: position, deadline)
      let now = database.clock.now()
      guard entries.isEmpty, now < end, !Task.isCancelled, !isClosed.withLock({ $0 }) else {
        return (entries, next)
      }
      let isWholeBatch = next.last - position.last >= Self.batchSize
      position = next
      if isWholeBatch { continue }
      await signal.wait(for: stream.name, after: generation, until: min(end, now + Self.longestSilence))
    }
  }

  /// Ends every wait, present and future: the server waits for its requests when it is shut down.
  public func close() { isClosed.withLock { $0 = true } }

  /// Where a batch begins that ends with the latest row.
  private func start(_ deadline: MonotonicInstant) async throws -> FeedPosition {
    let last = try await database.query(Self.latest, [], deadline: deadline).first?.int64(0) ?? 0
    return FeedPosition(last: max(0, last - Self.batchSize))
  }

  private func read(
    after position: FeedPosition,
    _ deadline: MonotonicInstant
  ) async throws -> (entries: [Entry], position: FeedPosition) {
    let rows = try await database.query(
      Self.rows,
      [
        .text(stream.module), .text(stream.kind.rawValue), .int8(position.last), .int8Array(position.missing),
        .int8(Self.batchSize),
      ],
      deadline: deadline
    )
    var ids: [Int64] = []
    var entries: [Entry] = []
    for row in rows {
      let id = try row.int64(0)
      ids.append(id)
      guard let eventType = try row.optionalText(1) else { continue }
      entries.append(
        Entry(
          id: id,
          eventType: eventType,
          message: try row.bytes(2),
          recordedAt: try row.timestamp(3),
          isPublished: try row.bool(4)
        )
      )
    }
    return (entries, position.advanced(over: ids))
  }

  private static let latest = PostgresStatement(
    name: "feed_latest",
    sql: "select coalesce(max(id), 0) from gateway_outbox"
  )

  /// Rows of other streams too, without what is in them: their numbers are not missing.
  private static let rows = PostgresStatement(
    name: "feed_rows",
    sql: """
      select o.id, e.event_type, e.message, o.created_at, o.published_at is not null
      from gateway_outbox o
      left join lateral (
        select o.event_type, o.message where o.module = $1 and o.kind = $2
      ) e on true
      where o.id > $3 or o.id = any($4)
      order by o.id limit $5
      """
  )
}
