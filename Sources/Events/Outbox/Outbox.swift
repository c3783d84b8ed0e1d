public import Postgres

/// Where a module leaves its messages: in the transaction that changes its rows, so that nothing is told that was not
/// committed, and nothing committed goes untold.
public protocol Outbox: Sendable {
  /// Appends `event` to what the transaction will commit. A thrown error rolls the change back.
  func append(_ event: DomainEvent, in transaction: PostgresTransaction) async throws

  /// Appends `audit` to what the transaction will commit. A thrown error rolls the change back.
  func append(_ audit: AuditMessage, in transaction: PostgresTransaction) async throws
}

/// Keeps nothing: for a deployment that publishes nothing, and for tests of what is not about events.
public struct NoOutbox: Outbox {
  public init() {}

  public func append(_ event: DomainEvent, in transaction: PostgresTransaction) async throws {}

  public func append(_ audit: AuditMessage, in transaction: PostgresTransaction) async throws {}
}
