public import Time

/// A component of `/health` about a queue or topic (docs/contract/platform.md §3.4, §3.5).
public struct BrokerHealth: Equatable, Sendable {
  /// `<id>-health`.
  public let name: String
  /// Whether the queue or topic can do its work.
  public private(set) var isUp = true
  /// In the contract's order; numbers are texts, as the contract has them.
  public private(set) var details: [(name: String, value: String)] = []

  private init(id: String) { name = "\(id)-health" }

  private mutating func add(_ name: String, _ value: String) { details.append((name, value)) }

  /// The first reason is the one told.
  private mutating func fail(_ reason: String) {
    isUp = false
    if !details.contains(where: { $0.name == "error" }) { add("error", reason) }
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.name == right.name && left.isUp == right.isUp
      && left.details.elementsEqual(right.details) { $0.name == $1.name && $0.value == $1.value }
  }

  /// How long a consumer may go without an answered poll before its queue counts as down.
  public static let longestSilence = Duration.seconds(60)

  /// - Parameters:
  ///   - id: the configured id.
  ///   - consumer: how the queue's consumer is doing in this process, nil where there is none. It adds
  ///     `secondsSinceLastPoll`, and a consumer that is silent for too long makes the component DOWN.
  public static func queue(
    id: String,
    _ queue: any MessageQueue,
    deadLetterQueue: (any MessageQueue)?,
    consumer: ConsumerStatistics? = nil,
    deadline: MonotonicInstant
  ) async -> BrokerHealth {
    var health = BrokerHealth(id: id)
    health.add("queueName", queue.name)
    var hasRedrivePolicy = true
    do throws(BrokerError) {
      let status = try await queue.status(deadline: deadline)
      health.add("messagesOnQueue", "\(status.messagesOnQueue)")
      health.add("messagesInFlight", "\(status.messagesInFlight)")
      hasRedrivePolicy = status.deadLetterQueueARN != nil
    } catch {
      health.fail("\(error)")
    }
    if let deadLetterQueue {
      await health.add(deadLetterQueue, isConnected: hasRedrivePolicy, deadline: deadline)
      if !hasRedrivePolicy {
        health.fail("MissingRedrivePolicyException: The main queue for \(id) is missing a RedrivePolicy")
      }
    }
    if let consumer {
      let seconds = consumer.sinceLastPoll.components.seconds
      health.add("secondsSinceLastPoll", "\(seconds)")
      if consumer.sinceLastPoll > longestSilence {
        health.fail("the queue has not been polled for \(seconds) seconds")
      }
    }
    return health
  }

  private mutating func add(
    _ deadLetterQueue: any MessageQueue,
    isConnected: Bool,
    deadline: MonotonicInstant
  ) async {
    do throws(BrokerError) {
      let count = try await deadLetterQueue.status(deadline: deadline).messagesOnQueue
      add("dlqStatus", isConnected ? "UP" : "DOWN")
      add("dlqName", deadLetterQueue.name)
      add("messagesOnDlq", "\(count)")
    } catch {
      add("dlqStatus", "DOWN")
      add("dlqName", deadLetterQueue.name)
      fail("\(error)")
    }
  }

  /// - Parameters:
  ///   - id: the configured id.
  ///   - arn: shown while the topic does not answer.
  public static func topic(
    id: String,
    _ topic: any Topic,
    arn: String,
    deadline: MonotonicInstant
  ) async -> BrokerHealth {
    var health = BrokerHealth(id: id)
    do throws(BrokerError) {
      let status = try await topic.status(deadline: deadline)
      health.add("topicArn", status.arn)
      health.add("subscriptionsConfirmed", "\(status.confirmedSubscriptions)")
      health.add("subscriptionsPending", "\(status.pendingSubscriptions)")
    } catch {
      health.add("topicArn", arn)
      health.fail("\(error)")
    }
    return health
  }
}
