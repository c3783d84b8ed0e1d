public import Time

/// Where messages are published, for whoever subscribed: an SNS topic, or one of PostgreSQL.
public protocol Topic: Sendable {
  /// The last part of its ARN.
  var name: String { get }
  /// What a span calls the broker (OpenTelemetry's `messaging.system`).
  var system: String { get }

  /// Publishes one message.
  /// - Returns: the broker's id of the message. Once this returned, the broker has it.
  func publish(_ message: OutgoingMessage, deadline: MonotonicInstant) async throws(BrokerError) -> String

  /// For health checks.
  func status(deadline: MonotonicInstant) async throws(BrokerError) -> TopicStatus
}

/// What a health check tells of a topic (`platform.md` §3.5).
public struct TopicStatus: Equatable, Sendable {
  public let arn: String
  public let confirmedSubscriptions: Int
  public let pendingSubscriptions: Int

  public init(arn: String, confirmedSubscriptions: Int, pendingSubscriptions: Int) {
    self.arn = arn
    self.confirmedSubscriptions = confirmedSubscriptions
    self.pendingSubscriptions = pendingSubscriptions
  }
}
