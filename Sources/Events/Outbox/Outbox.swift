public import Postgres

/// Where a module leaves its messages: in the transaction that changes its rows, so that nothing is published that was
/// not committed, and nothing committed goes unpublished.
public protocol Outbox: Sendable {
  /// Appends the messages of one change to what the transaction will commit. A thrown error rolls the change back.
  /// - Parameter audit: nil for a change that is not audited.
  func append(_ event: DomainEvent, _ audit: AuditMessage?, in transaction: PostgresTransaction) async throws
}

/// Keeps nothing: for a deployment that publishes nothing, and for tests of what is not about events.
public struct NoOutbox: Outbox {
  public init() {}

  public func append(
    _ event: DomainEvent,
    _ audit: AuditMessage?,
    in transaction: PostgresTransaction
  ) async throws {}
}
