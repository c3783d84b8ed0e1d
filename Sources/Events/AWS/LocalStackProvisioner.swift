public import Time

/// Makes the topics, queues and subscriptions that are missing in an emulator (docs/contract/platform.md §5.7). Never
/// in AWS, where a mistyped name would make a queue that nobody publishes to (docs/contract/platform.md §13 row 27).
public struct LocalStackProvisioner: Sendable {
  private let broker: AWSBroker

  /// - Throws: `BrokerError` of kind `misconfigured` for a broker that is no emulator.
  public init(_ broker: AWSBroker) throws(BrokerError) {
    guard broker.endpoints.isEmulator else {
      throw BrokerError(.misconfigured, "topics and queues are only made in an emulator")
    }
    self.broker = broker
  }

  /// Makes what is missing. Queues that are there stay as somebody has set them up, and messages stay; a subscription gets
  /// the filter of its definition. It may be called any number of times, by several processes at once.
  /// - Parameter topics: names.
  /// - Returns: the topics' ARNs by their names, in the emulator's account and region.
  /// - Throws: `BrokerError`; `misconfigured` for a subscription to a topic that is not among `topics`.
  public func create(
    topics: [String],
    queues: [QueueDefinition],
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> [String: String] {
    var arns: [String: String] = [:]
    for name in topics where arns[name] == nil {
      arns[name] = try await SNSTopic.create(name, sns: broker.sns(), deadline: deadline)
    }
    for queue in queues {
      let arn = try await create(queue, deadline)
      for subscription in queue.subscriptions {
        guard let topic = arns[subscription.topic] else {
          throw BrokerError(
            .misconfigured,
            "queue \(queue.name) subscribes to \(subscription.topic), which is no topic"
          )
        }
        try await broker.topic(arn: topic).subscribe(
          queueARN: arn,
          filter: subscription.filter?.json,
          deadline: deadline
        )
      }
    }
    return arns
  }

  /// The ARNs of the topics that are there, by their names.
  /// - Throws: `BrokerError`.
  public func topics(deadline: MonotonicInstant) async throws(BrokerError) -> [String: String] {
    let arns = try await SNSTopic.list(sns: broker.sns(), deadline: deadline)
    return Dictionary(arns.map { (BrokerARN.name($0), $0) }) { first, _ in first }
  }

  /// - Returns: the queue's ARN.
  private func create(
    _ definition: QueueDefinition,
    _ deadline: MonotonicInstant
  ) async throws(BrokerError) -> String {
    var attributes: [(String, String)] = []
    if let name = definition.deadLetterQueue {
      let arn = try await create(name, [], deadline)
      let policy =
        #"{"deadLetterTargetArn":"\#(arn)","maxReceiveCount":"\#(definition.maximumReceiveCount)"}"#
      attributes = [
        ("RedrivePolicy", policy),
        ("VisibilityTimeout", "\(definition.visibilityTimeout.components.seconds)"),
      ]
    }
    return try await create(definition.name, attributes, deadline)
  }

  private func create(
    _ name: String,
    _ attributes: [(String, String)],
    _ deadline: MonotonicInstant
  ) async throws(BrokerError) -> String {
    let queue = broker.queue(name)
    do throws(BrokerError) {
      return try await queue.status(deadline: deadline).arn
    } catch {
      guard error.kind == .notFound else { throw error }
    }
    do throws(AWSError) {
      _ = try await broker.sqs().send(SQSRequests.create(name, attributes: attributes), deadline: deadline)
    } catch {
      // Somebody else has made it meanwhile, with other attributes.
      guard error.code == "QueueNameExists" || error.code == "QueueAlreadyExists" else {
        throw error.brokerError
      }
    }
    return try await queue.status(deadline: deadline).arn
  }
}
