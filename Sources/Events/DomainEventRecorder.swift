public import Postgres

/// Where a module leaves its domain events: in the transaction that changes its rows, so that nothing is told that was
/// not committed, and nothing committed goes untold.
public protocol DomainEventRecorder: Sendable {
  /// Appends `event` to what the transaction will commit. A thrown error rolls the change back.
  func record(_ event: DomainEvent, in transaction: PostgresTransaction) async throws
}

/// Records nothing: for a deployment that publishes no events, and for tests of what is not about them.
public struct NoDomainEvents: DomainEventRecorder {
  public init() {}

  public func record(_ event: DomainEvent, in transaction: PostgresTransaction) async throws {}
}
