public import EventLoops

/// Makes the topics, queues and subscriptions that are missing in an emulator (`platform.md` §5.7). Never in AWS, where
/// a mistyped name would make a queue that nobody publishes to (`platform.md` §13.27).
public struct LocalStackProvisioner: Sendable {
  private let broker: AWSBroker

  /// - Throws: `BrokerError` of kind `refused` for a broker that is no emulator.
  public init(_ broker: AWSBroker) throws(BrokerError) {
    guard broker.endpoints.isEmulator else {
      throw BrokerError(.refused, "topics and queues are only made in an emulator")
    }
    self.broker = broker
  }

  /// Makes what is missing and brings the rest up to the definitions; messages stay. It may be called any number of
  /// times, by several processes at once.
  /// - Parameter topics: ARNs, of the account that the emulator has.
  /// - Throws: `BrokerError`; `refused` for a subscription to a topic that is not among `topics`.
  public func create(
    topics: [String],
    queues: [QueueDefinition],
    deadline: MonotonicInstant
  ) async throws(BrokerError) {
    var arns: [String: String] = [:]
    for topic in topics {
      let name = BrokerARN.name(topic)
      let arn = try await SNSTopic.create(name, sns: broker.sns(), deadline: deadline)
      guard arn == topic else {
        throw BrokerError(.refused, "the emulator made \(arn), not \(topic): another account or region")
      }
      arns[name] = arn
    }
    for queue in queues {
      let arn = try await create(queue, deadline)
      for subscription in queue.subscriptions {
        guard let topic = arns[subscription.topic] else {
          throw BrokerError(
            .refused,
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
    do throws(AWSError) {
      do throws(AWSError) {
        _ = try await broker.sqs().send(SQSRequests.create(name, attributes: attributes), deadline: deadline)
      } catch {
        // There is one, with other attributes.
        guard error.code == "QueueNameExists" || error.code == "QueueAlreadyExists" else { throw error }
        let lookUp = SQSRequests.queueURL(name)
        let answer = try SQSAnswer(try await broker.sqs().send(lookUp, deadline: deadline), to: lookUp)
        let change = SQSRequests.setAttributes(try answer.text("QueueUrl"), attributes)
        _ = try await broker.sqs().send(change, deadline: deadline)
      }
    } catch {
      throw error.brokerError
    }
    return try await broker.queue(name).status(deadline: deadline).arn
  }
}
