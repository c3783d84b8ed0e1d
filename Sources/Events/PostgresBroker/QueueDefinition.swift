/// A queue that ``PostgresBroker/create(topics:queues:deadline:)`` makes.
public struct QueueDefinition: Equatable, Sendable {
  /// As queue admin and consumers name it.
  public var name: String
  /// Where a message goes that was delivered `maximumReceiveCount` times; made with the queue.
  public var deadLetterQueue: String?
  /// Default 5, as docs/contract/platform.md §5.7 has it.
  public var maximumReceiveCount: Int
  /// How long a delivered message is hidden. Default 30 seconds.
  public var visibilityTimeout: Duration
  /// The topics whose messages it gets.
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

  /// - Parameters:
  ///   - topic: the last part of its ARN.
  ///   - filter: nil for everything.
  public init(topic: String, filter: FilterPolicy? = nil) {
    self.topic = topic
    self.filter = filter
  }
}
