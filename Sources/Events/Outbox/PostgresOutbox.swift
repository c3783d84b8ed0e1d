public import Postgres
internal import ServiceKit

/// The outbox of one module in its database: rows of `gateway_outbox`, which an ``OutboxRelay`` publishes.
///
/// Order: a row's number is taken when it is appended. A transaction that has changed the rows it tells of holds their
/// locks by then, so for one record the numbers follow the commits: the relay publishes the rows of a subject in the order
/// of their numbers. The rows are written with the commit, which costs the caller no round trip of its own.
public struct PostgresOutbox: Outbox {
  /// Told, with the name of the lane, when rows were committed.
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
    let span = SpanContext.current
    var parameters: [PostgresValue] = [
      .text(module), .optional(span?.traceparent), .optional(span?.state), .text(event.subject),
      .text(event.eventType), .bytes(event.message), .text(destinations.topic),
    ]
    if let audit {
      parameters += [
        .text(audit.subject), .text(audit.what), .bytes(audit.message), .text(audit.record),
        .optional(destinations.auditQueue),
      ]
    }
    try transaction.executeWithCommit(audit == nil ? Self.insertEvent : Self.insertBoth, parameters)
    for kind in audit == nil ? [OutboxLane.Kind.event] : [.event, .audit] {
      transaction.notify(Self.channel, OutboxLane(module: module, kind: kind).name)
    }
  }

  private static let insert = """
    insert into gateway_outbox
      (module, traceparent, tracestate, kind, subject, event_type, message, destination, record)
    values ($1, $2, $3, 'event', $4, $5, $6, $7, null)
    """

  private static let insertEvent = PostgresStatement(name: "outbox_append", sql: insert)

  private static let insertBoth = PostgresStatement(
    name: "outbox_append_audited",
    sql: insert + ", ($1, $2, $3, 'audit', $8, $9, $10, $12, $11)"
  )
}

/// Where a module's messages are meant to go. Rows note it, because a database may be copied: what production has not
/// sent yet must never be sent to another environment's subscribers.
public struct OutboxDestinations: Equatable, Sendable {
  /// Names the topic for domain events; in AWS its ARN.
  public let topic: String
  /// The name of the queue for audit messages; nil for a module that has none.
  public let auditQueue: String?

  public init(topic: String, auditQueue: String?) {
    self.topic = topic
    self.auditQueue = auditQueue
  }
}

/// The rows of one module that go one way, in order for each subject.
struct OutboxLane: Hashable, Sendable {
  /// Where rows go.
  enum Kind: String, Sendable {
    /// To the module's topic.
    case event
    /// To the audit queue.
    case audit
  }

  let module: String
  let kind: Kind

  /// What a notification about it says.
  var name: String { "\(module)/\(kind.rawValue)" }
}
