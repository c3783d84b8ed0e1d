import AWSPeer
import EventLoops
import HTTPTransport
import ServiceKit
import Testing

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

  @Test("What is there with other settings is brought up to the definition")
  func changed() async throws {
    try await Moto.run { (moto) async throws in
      let arn = moto.topicARN("t")
      try moto.peer.boto(
        "sqs",
        "create_queue",
        ["QueueName": moto.name("q"), "Attributes": ["VisibilityTimeout": "7"]]
      )
      try moto.peer.boto("sns", "create_topic", ["Name": moto.name("t")])
      try moto.peer.boto(
        "sns",
        "subscribe",
        [
          "TopicArn": arn, "Protocol": "sqs", "Endpoint": BrokerARN.queue(moto.name("q")),
          "Attributes": ["FilterPolicy": #"{"eventType":["old"]}"#],
        ]
      )
      try await moto.create(
        QueueDefinition(
          moto.name("q"),
          deadLetterQueue: moto.name("dlq"),
          subscriptions: [
            SubscriptionDefinition(topic: moto.name("t"), filter: FilterPolicy(eventTypes: ["new"]))
          ]
        ),
        topics: [arn]
      )
      let status = try await moto.queue("q").status(deadline: .soon)
      #expect(status.visibilityTimeout == .seconds(30) && status.maxReceiveCount == 5)
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

  @Test("A subscription to a topic that nobody named, a topic of another account, and AWS itself are refused")
  func refused() async throws {
    try await Moto.run { (moto) async throws in
      let definition = QueueDefinition(
        moto.name("q"),
        subscriptions: [SubscriptionDefinition(topic: "unknown")]
      )
      let create = { (topics: [String]) async -> BrokerError? in
        await brokerError { () async throws(BrokerError) in
          try await LocalStackProvisioner(moto.broker).create(
            topics: topics,
            queues: [definition],
            deadline: .soon
          )
        }
      }
      #expect(await create([moto.topicARN("t")])?.kind == .refused)
      #expect(await create(["arn:aws:sns:eu-west-2:111111111111:\(moto.name("t"))"])?.kind == .refused)
      let client = HTTPClient(group: Loops.shared)
      let aws = AWSBroker(
        endpoints: try AWSEndpoints(region: "eu-west-2"),
        credentials: AWSCredentials.emulator,
        client: client
      )
      #expect(throws: BrokerError.self) { try LocalStackProvisioner(aws) }
      await client.shutdown()
    }
  }
}
