import AWSPeer
import EventLoops
import HTTPTransport
import JSON
import ServiceKit
import Testing
import Time

@testable import Events

@Suite struct LocalStackProvisionerTests {
  @Test("Made twice, there are the same queues and one subscription each, with their messages")
  func twice() async throws {
    try await Moto.run { (moto) async throws in
      let arn = moto.topicARN("t")
      let filter = FilterPolicy(eventTypes: ["prison-offender-events.prisoner.merged"])
      let definition = QueueDefinition(
        moto.name("q"),
        deadLetterQueue: moto.name("dlq"),
        subscriptions: [SubscriptionDefinition(topic: moto.name("t"), filter: filter)]
      )
      for _ in 1...2 {
        try await moto.create(definition, topics: [arn])
        _ = try await moto.queue("q").send(OutgoingMessage("kept"), deadline: .soon)
      }
      let subscriptions = try moto.peer.boto("sns", "list_subscriptions_by_topic", ["TopicArn": arn])
      let subscription = try #require(subscriptions["Subscriptions"]?.elements.first)
      #expect(subscriptions["Subscriptions"]?.elements.count == 1)
      #expect(subscription["Endpoint"]?.text == BrokerARN.queue(moto.name("q")))
      #expect(subscription["Protocol"]?.text == "sqs")
      let attributes = try moto.peer.boto(
        "sns",
        "get_subscription_attributes",
        ["SubscriptionArn": subscription["SubscriptionArn"]?.text ?? ""]
      )
      #expect(attributes["Attributes"]?["FilterPolicy"]?.text == filter.json)
      #expect(attributes["Attributes"]?["RawMessageDelivery"]?.text != "true")
      let queue = try moto.peer.boto(
        "sqs",
        "get_queue_attributes",
        ["QueueUrl": try moto.url("q"), "AttributeNames": ["All"]]
      )
      #expect(queue["Attributes"]?["ApproximateNumberOfMessages"]?.text == "2")
      #expect(queue["Attributes"]?["VisibilityTimeout"]?.text == "30")
      let policy = try JSONValue(parsing: Array((queue["Attributes"]?["RedrivePolicy"]?.text ?? "").utf8))
      #expect(policy["deadLetterTargetArn"]?.text == BrokerARN.queue(moto.name("dlq")))
      #expect(policy["maxReceiveCount"]?.scalarText == "5")
    }
  }

  @Test(
    "A queue that is there stays as somebody has set it up; its subscription gets the filter that is wanted"
  )
  func there() async throws {
    try await Moto.run { (moto) async throws in
      let arn = moto.topicARN("t")
      try moto.peer.boto("sqs", "create_queue", ["QueueName": moto.name("others-dlq")])
      let policy =
        #"{"deadLetterTargetArn":"\#(BrokerARN.queue(moto.name("others-dlq")))","maxReceiveCount":"9"}"#
      try moto.peer.boto(
        "sqs",
        "create_queue",
        [
          "QueueName": moto.name("q"), "Attributes": ["VisibilityTimeout": "7", "RedrivePolicy": policy],
        ]
      )
      try moto.peer.boto("sqs", "create_queue", ["QueueName": moto.name("bare")])
      try moto.peer.boto("sns", "create_topic", ["Name": moto.name("t")])
      try moto.peer.boto(
        "sns",
        "subscribe",
        [
          "TopicArn": arn, "Protocol": "sqs", "Endpoint": BrokerARN.queue(moto.name("q")),
          "Attributes": ["FilterPolicy": #"{"eventType":["old"]}"#],
        ]
      )
      for name in ["q", "bare"] {
        try await moto.create(
          QueueDefinition(
            moto.name(name),
            deadLetterQueue: moto.name("dlq"),
            subscriptions: [
              SubscriptionDefinition(topic: moto.name("t"), filter: FilterPolicy(eventTypes: ["new"]))
            ]
          ),
          topics: [arn]
        )
      }
      let status = try await moto.queue("q").status(deadline: .soon)
      #expect(status.visibilityTimeout == .seconds(7) && status.maxReceiveCount == 9)
      #expect(status.deadLetterQueueARN == BrokerARN.queue(moto.name("others-dlq")))
      #expect(try await moto.queue("bare").status(deadline: .soon).deadLetterQueueARN == nil)
      // What was missing is there.
      #expect(try await moto.queue("dlq").status(deadline: .soon).messagesOnQueue == 0)
      for type in ["old", "new"] {
        _ = try await moto.broker.topic(arn: arn).publish(
          OutgoingMessage(type, ["eventType": MessageAttribute(value: type)]),
          deadline: .soon
        )
      }
      let message = try #require(try await moto.queue("q").take().first)
      #expect(try JSONValue(parsing: message.body)["Message"]?.text == "new")
      #expect(try await moto.queue("q").take() == [])
    }
  }

  @Test("Two gateways may start at once")
  func atOnce() async throws {
    try await Moto.run { (moto) async throws in
      let definition = QueueDefinition(
        moto.name("q"),
        deadLetterQueue: moto.name("dlq"),
        subscriptions: [SubscriptionDefinition(topic: moto.name("t"))]
      )
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<4 { group.addTask { try await moto.create(definition, topics: [moto.topicARN("t")]) } }
        try await group.waitForAll()
      }
      let status = try await moto.queue("q").status(deadline: .soon)
      #expect(status.maxReceiveCount == 5 && status.deadLetterQueueARN == BrokerARN.queue(moto.name("dlq")))
      let subscriptions = try moto.peer.boto(
        "sns",
        "list_subscriptions_by_topic",
        ["TopicArn": moto.topicARN("t")]
      )
      #expect(subscriptions["Subscriptions"]?.elements.isEmpty == false)
    }
  }

  @Test("A subscription to a topic that nobody named, and AWS itself, are refused")
  func refused() async throws {
    try await Moto.run { (moto) async throws in
      let definition = QueueDefinition(
        moto.name("q"),
        subscriptions: [SubscriptionDefinition(topic: "unknown")]
      )
      let error = await brokerError { () async throws(BrokerError) in
        _ = try await LocalStackProvisioner(moto.broker).create(
          topics: [moto.name("t")],
          queues: [definition],
          deadline: .soon
        )
      }
      #expect(error?.kind == .misconfigured)
      let client = HTTPClient(group: Loops.shared)
      let aws = AWSBroker(
        endpoints: try AWSEndpoints(region: "eu-west-2"),
        credentials: AWSCredentials.emulator,
        client: client,
        clock: SystemClock()
      )
      #expect(throws: BrokerError.self) { try LocalStackProvisioner(aws) }
      await client.shutdown()
    }
  }

  @Test("A default name is where the emulator has it; a name that somebody set is taken at its word")
  func places() async throws {
    try await Moto.run { (moto) async throws in
      let arn = moto.topicARN("t")
      let elsewhere = "arn:aws:sns:us-east-1:111111111111:\(moto.name("t"))"
      #expect(try await LocalStackProvisioner(moto.broker).topics(deadline: .soon)[moto.name("t")] == nil)
      _ = try await LocalStackProvisioner(moto.broker).create(
        topics: [moto.name("t")],
        queues: [],
        deadline: .soon
      )
      let found = try await LocalStackProvisioner(moto.broker).topics(deadline: .soon)[moto.name("t")]
      #expect(found == arn)
      let byDefault = moto.broker.emulatorTopic(.init("TOPIC", elsewhere, isDefault: true))
      let bySomebody = moto.broker.emulatorTopic(.init("TOPIC", elsewhere))
      func publish(_ topic: EmulatorTopic) async -> BrokerError? {
        await brokerError { () async throws(BrokerError) in
          _ = try await topic.publish(OutgoingMessage("one"), deadline: .soon)
        }
      }
      #expect(await publish(byDefault)?.kind == .unavailable)
      #expect(byDefault.found(at: found) == nil)
      #expect(
        bySomebody.found(at: found)?.hasPrefix("TOPIC: the emulator has \(arn), not \(elsewhere)") == true
      )
      #expect(await publish(byDefault) == nil)
      #expect(try moto.peer.published(on: arn) == ["one"])
      #expect(await publish(bySomebody)?.kind == .misconfigured)
      // While it cannot be asked, a place that is known stays.
      byDefault.lost(BrokerError(.unavailable, "away"))
      #expect(await publish(byDefault) == nil)
      byDefault.found(at: nil)
      #expect(await publish(byDefault)?.kind == .notFound)
    }
  }
}
