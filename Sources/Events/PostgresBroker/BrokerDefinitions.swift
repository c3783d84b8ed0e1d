/// A queue that ``PostgresBroker/create(topics:queues:deadline:)`` makes.
public struct QueueDefinition: Equatable, Sendable {
  public var name: String
  /// Where a message goes that was delivered `maximumReceiveCount` times; made with the queue.
  public var deadLetterQueue: String?
  /// Default 5, as `platform.md` §5.7 has it.
  public var maximumReceiveCount: Int
  /// How long a delivered message is hidden. Default 30 seconds.
  public var visibilityTimeout: Duration
  public var subscriptions: [SubscriptionDefinition]

  public init(
    _ name: String,
    deadLetterQueue: String? = nil,
    maximumReceiveCount: Int = 5,
    visibilityTimeout: Duration = .seconds(30),
    subscriptions: [SubscriptionDefinition] = []
  ) {
    self.name = name
    self.deadLetterQueue = deadLetterQueue
    self.maximumReceiveCount = maximumReceiveCount
    self.visibilityTimeout = visibilityTimeout
    self.subscriptions = subscriptions
  }
}

/// That a queue gets what is published to a topic.
public struct SubscriptionDefinition: Equatable, Sendable {
  /// The name of the topic: the last part of its ARN.
  public var topic: String
  /// nil for everything.
  public var filter: FilterPolicy?

  public init(topic: String, filter: FilterPolicy? = nil) {
    self.topic = topic
    self.filter = filter
  }
}

/// Names in the form of AWS (`arn:aws:sns:eu-west-2:000000000000:name`), for brokers that have no account.
public enum BrokerARN {
  public static func topic(_ name: String) -> String { "arn:aws:sns:eu-west-2:000000000000:\(name)" }
  public static func queue(_ name: String) -> String { "arn:aws:sqs:eu-west-2:000000000000:\(name)" }

  /// The last part of an ARN; the whole text if it is none.
  public static func name(_ arn: String) -> String {
    arn.split(separator: ":").last.map(String.init) ?? arn
  }
}
