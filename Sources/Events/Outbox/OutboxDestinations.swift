/// Where a module's messages are meant to go. Rows note it, because a database may be copied: what production has not
/// sent yet must never be sent to another environment's subscribers.
public struct OutboxDestinations: Equatable, Sendable {
  /// Names the topic for domain events; in AWS its ARN.
  public let topic: String
  /// The name of the queue for audit messages; nil for a module that has none.
  public let auditQueue: String?
  /// Whether domain events name their traces (docs/contract/platform.md §8.2).
  public var tracesEvents = true
  /// Whether audit messages do.
  public var tracesAudits = true

  /// - Parameters:
  ///   - topic: names the topic for domain events; in AWS its ARN.
  ///   - auditQueue: the name of the queue for audit messages; nil for a module that has none.
  public init(topic: String, auditQueue: String?) {
    self.topic = topic
    self.auditQueue = auditQueue
  }
}
