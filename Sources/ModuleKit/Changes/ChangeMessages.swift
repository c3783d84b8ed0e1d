public import Events

/// What a module tells others of one change: its domain event, and its audit message if the change is audited.
public struct ChangeMessages: Sendable {
  /// What other services are told.
  public let event: DomainEvent
  /// What the audit queue is told; nil for a change that is not audited.
  public let audit: AuditMessage?

  public init(event: DomainEvent, audit: AuditMessage? = nil) {
    self.event = event
    self.audit = audit
  }
}
