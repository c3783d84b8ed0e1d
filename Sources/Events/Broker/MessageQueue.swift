public import Time

/// A queue with visibility timeouts and receive counts: an SQS queue, or one of PostgreSQL. Delivery is at least
/// once, in no particular order.
public protocol MessageQueue: Sendable {
  /// The name, as logs, metrics and queue admin have it.
  var name: String { get }
  /// What a span calls the broker (OpenTelemetry's `messaging.system`).
  var system: String { get }

  /// - Returns: the queue's id of the message. When this returns, the queue has the message.
  func send(_ message: OutgoingMessage, deadline: MonotonicInstant) async throws(BrokerError) -> String

  /// Takes up to `limit` visible messages, waiting until there is one.
  /// - Parameters:
  ///   - limit: 1 to 10.
  ///   - wait: how long to wait for the first, at most 20 seconds. Whole seconds where the broker knows no others.
  ///   - visibilityTimeout: how long the messages stay hidden; nil for the queue's own.
  /// - Returns: no message if the wait ended without one.
  func receive(
    limit: Int,
    wait: Duration,
    visibilityTimeout: Duration?,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> [ReceivedMessage]

  /// Deletes what was handled, at most 10 deliveries.
  /// - Returns: the receipts that could not be deleted; their messages will be delivered again.
  func delete(receipts: [String], deadline: MonotonicInstant) async throws(BrokerError) -> [String]

  /// Sets the delivery's visibility timeout from now on, 0 to 12 hours; with 0 it is visible at once.
  func changeVisibility(
    receipt: String,
    timeout: Duration,
    deadline: MonotonicInstant
  ) async throws(BrokerError)

  /// - Throws: `BrokerError` with kind `notFound` if there is no such queue.
  func status(deadline: MonotonicInstant) async throws(BrokerError) -> QueueStatus

  /// Deletes every message that is there now.
  func purge(deadline: MonotonicInstant) async throws(BrokerError)

  /// Has the broker move every message of this dead-letter queue to the queue it came from, with a new receive count.
  func redrive(to source: any MessageQueue, deadline: MonotonicInstant) async throws(BrokerError)
}

/// What the broker knows of a queue (docs/contract/platform.md §3.4, §5.4). Numbers are approximate, as SQS says of its
/// own; what no queue can have is brought to what one can, so that code can compute with them.
public struct QueueStatus: Equatable, Sendable {
  /// As the broker has it.
  public let arn: String
  /// Messages that can be received; not negative.
  public let messagesOnQueue: Int
  /// Messages that were received and are hidden; not negative.
  public let messagesInFlight: Int
  /// From the queue's redrive policy; nil without one.
  public let maxReceiveCount: Int?
  /// From the queue's redrive policy; nil without one.
  public let deadLetterQueueARN: String?
  /// How long a received message is hidden: 0 to 12 hours.
  public let visibilityTimeout: Duration
  /// In bytes, attributes included; nil if the broker does not say.
  public let maximumMessageSize: Int?

  /// Brings numbers that no queue can have to what one can: counts to 0 at least, a limit of receives below 1 to none,
  /// the visibility timeout to 0 to 12 hours.
  public init(
    arn: String,
    messagesOnQueue: Int,
    messagesInFlight: Int,
    maxReceiveCount: Int?,
    deadLetterQueueARN: String?,
    visibilityTimeout: Duration,
    maximumMessageSize: Int? = nil
  ) {
    self.arn = arn
    self.messagesOnQueue = Self.count(messagesOnQueue)
    self.messagesInFlight = Self.count(messagesInFlight)
    self.maxReceiveCount = maxReceiveCount.flatMap { $0 < 1 ? nil : $0 }
    self.deadLetterQueueARN = deadLetterQueueARN
    self.visibilityTimeout = min(max(.zero, visibilityTimeout), .seconds(43_200))
    self.maximumMessageSize = maximumMessageSize
  }

  private static func count(_ number: Int) -> Int { min(max(0, number), 1 << 53) }
}
