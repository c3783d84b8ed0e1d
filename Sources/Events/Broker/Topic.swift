public import Time

/// Where messages are published for subscribers: an SNS topic, or one of PostgreSQL.
public protocol Topic: Sendable {
  /// The last part of its ARN.
  var name: String { get }
  /// What a span calls the broker (OpenTelemetry's `messaging.system`).
  var system: String { get }

  /// Publishes one message.
  /// - Returns: the broker's id of the message. When this returns, the broker has the message.
  func publish(_ message: OutgoingMessage, deadline: MonotonicInstant) async throws(BrokerError) -> String

  /// The state of the topic, for health checks.
  func status(deadline: MonotonicInstant) async throws(BrokerError) -> TopicStatus
}

/// What a health check tells of a topic (docs/contract/platform.md §3.5).
public struct TopicStatus: Equatable, Sendable {
  /// As the broker has it.
  public let arn: String
  /// Subscriptions that get messages.
  public let confirmedSubscriptions: Int
  /// Subscriptions that nobody has confirmed yet.
  public let pendingSubscriptions: Int

  /// What the broker said.
  public init(arn: String, confirmedSubscriptions: Int, pendingSubscriptions: Int) {
    self.arn = arn
    self.confirmedSubscriptions = confirmedSubscriptions
    self.pendingSubscriptions = pendingSubscriptions
  }
}
