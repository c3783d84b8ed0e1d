public import Postgres
internal import ServiceKit

/// The outbox of one module in its database: rows of `gateway_outbox`, which an ``OutboxRelay`` publishes.
///
/// Order: a row's number is taken when it is appended. A transaction that has changed the rows it tells of holds their
/// locks by then, so for one record the numbers follow the commits: the relay publishes the rows of a subject in the order
/// of their numbers. The rows are written with the commit, which costs the caller no round trip of its own.
public struct PostgresOutbox: Outbox {
  /// The channel that is notified, with the name of the stream, when rows were committed.
  static let channel = "gateway_outbox"

  let module: String
  let destinations: OutboxDestinations

  /// - Parameters:
  ///   - module: names the module's rows where several share a database: `non-associations`.
  ///   - destinations: each row notes where it is meant to go.
  public init(module: String, destinations: OutboxDestinations) {
    self.module = module
    self.destinations = destinations
  }

  public func append(
    _ event: DomainEvent,
    _ audit: AuditMessage?,
    in transaction: PostgresTransaction
  ) async throws {
    // What is published always names a trace, whether or not anybody records it (docs/contract/platform.md §8.2). One that
    // the caller did not bring is begun here: a request that publishes nothing pays for none.
    let span = SpanContext.current
    var parameters: [PostgresValue] = [
      .text(module), .text(span?.traceparent ?? TraceIDs.shared.traceparent()), .optional(span?.state),
      .optional(Operation.current?.description.name), .text(event.subject), .text(event.eventType),
      .bytes(event.message),
      .text(destinations.topic),
    ]
    if let audit {
      parameters += [
        .text(audit.subject), .text(audit.what), .bytes(audit.message), .text(audit.record),
        .optional(destinations.auditQueue),
      ]
    }
    try transaction.enqueue(audit == nil ? Self.insertEvent : Self.insertBoth, parameters)
    for kind in audit == nil ? [OutboxStream.Kind.event] : [.event, .audit] {
      transaction.notify(Self.channel, OutboxStream(module: module, kind: kind).name)
    }
  }

  private static let insert = """
    insert into gateway_outbox
      (module, traceparent, tracestate, operation, kind, subject, event_type, message, destination, record)
    values ($1, $2, $3, $4, 'event', $5, $6, $7, $8, null)
    """

  private static let insertEvent = PostgresStatement(name: "outbox_append", sql: insert)

  private static let insertBoth = PostgresStatement(
    name: "outbox_append_audited",
    sql: insert + ", ($1, $2, $3, $4, 'audit', $9, $10, $11, $13, $12)"
  )
}
