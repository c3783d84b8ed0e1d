public import Postgres
internal import ServiceKit

/// The outbox of one module in its database: rows of `gateway_outbox`, which an ``OutboxRelay`` publishes.
///
/// Order: a row's number is taken when it is appended. A transaction that has changed the rows it tells of holds their
/// locks by then, so for one record the numbers follow the commits; append after the change, as the relay publishes the
/// rows of a subject in the order of their numbers.
public struct PostgresOutbox: Outbox {
  /// Told, with the name of the lane, when rows were committed.
  static let channel = "gateway_outbox"

  let module: String

  /// - Parameter module: names the module's rows where several share a database: `non-associations`.
  public init(module: String) { self.module = module }

  public func append(_ event: DomainEvent, in transaction: PostgresTransaction) async throws {
    try await append(.event, event.subject, event.eventType, nil, event.message, transaction)
  }

  public func append(_ audit: AuditMessage, in transaction: PostgresTransaction) async throws {
    try await append(.audit, audit.subject, audit.what, audit.record, audit.message, transaction)
  }

  private func append(
    _ kind: OutboxLane.Kind,
    _ subject: String,
    _ type: String,
    _ record: String?,
    _ message: [UInt8],
    _ transaction: PostgresTransaction
  ) async throws {
    let lane = OutboxLane(module: module, kind: kind)
    let span = SpanContext.current
    try await transaction.execute(
      Self.insert,
      [
        .text(module), .text(kind.rawValue), .text(subject), .text(type), .bytes(message),
        .optional(span?.traceparent), .optional(span?.state), .optional(record),
      ]
    )
    transaction.notify(Self.channel, lane.name)
  }

  private static let insert = PostgresStatement(
    name: "outbox_append",
    sql: """
      insert into gateway_outbox (module, kind, subject, event_type, message, traceparent, tracestate, record)
      values ($1, $2, $3, $4, $5, $6, $7, $8)
      """
  )
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
