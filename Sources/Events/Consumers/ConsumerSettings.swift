/// How a ``QueueConsumer`` takes messages (docs/contract/platform.md §5.3).
public struct ConsumerSettings: Equatable, Sendable {
  /// Messages that are handled at once. Default 10.
  public var maximumInFlight = 10
  /// How long one poll waits for a message. Default 10 seconds.
  public var pollWait = Duration.seconds(10)
  /// What a poll may take beyond its wait before it is given up. Default 10 seconds.
  public var pollGrace = Duration.seconds(10)
  /// The first pause after a failed poll; each further one is twice as long. Default 1 second.
  public var initialPollBackOff = Duration.seconds(1)
  /// The longest pause between failed polls. Default 10 seconds.
  public var maximumPollBackOff = Duration.seconds(10)
  /// How long a handled message waits to be deleted together with others. Default 1 second.
  public var acknowledgementInterval = Duration.seconds(1)
  /// Messages deleted in one call: that many are deleted at once. Default 10, the most that SQS takes.
  public var acknowledgementBatch = 10
  /// What a handler may take; past it, its task is cancelled and counts as failed. Default 5 minutes.
  public var handlerTimeout = Duration.seconds(300)
  /// How long a message stays in flight, hidden and retried, while the database's trouble keeps it from being handled.
  /// Default 11 hours: SQS hides no message for more than 12 after it was received.
  public var passingTroubleTimeout = Duration.seconds(11 * 3600)
  /// How long `stop()` waits for handlers, and again for acknowledgements. Default 20 seconds.
  public var stopTimeout = Duration.seconds(20)
  /// For each other call of the broker. Default 10 seconds.
  public var callTimeout = Duration.seconds(10)

  /// The defaults.
  public init() {}
}

/// How a consumer is doing, in this process.
public struct ConsumerStatistics: Equatable, Sendable {
  /// The configured id of the queue.
  public var id: String
  /// Since the last poll that the broker answered, or since the start if none was. A consumer that may take no
  /// more messages does not poll; the time counts from when it could poll again.
  public var sinceLastPoll: Duration
  /// Messages handled, and due to be deleted.
  public var handled = 0
  /// Handlers that failed.
  public var failed = 0
  /// Failures after which the message went to the dead-letter queue.
  public var deadLettered = 0
  /// Polls that the broker did not answer.
  public var failedPolls = 0
  /// Messages being handled now.
  public var inFlight = 0
  /// What failed last in the queue's own calls; nil once a poll has worked again.
  public var lastPollError: String?
}
