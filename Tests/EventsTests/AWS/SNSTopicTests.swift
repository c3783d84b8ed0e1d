import AWSPeer
import Foundation
import JSON
import ServiceKit
import Testing

@testable import Events

/// Topics on moto's server, with boto3 at the other end.
@Suite struct SNSTopicTests {
  @Test("A subscribed queue gets what its filter lets through, in an envelope with the attributes")
  func publish() async throws {
    try await Moto.run { (moto) async throws in
      let arn = moto.topicARN("t")
      let filter = FilterPolicy(eventTypes: ["wanted", "non-associations.created"])
      try await moto.create(
        QueueDefinition(
          moto.name("q"),
          subscriptions: [SubscriptionDefinition(topic: moto.name("t"), filter: filter)]
        ),
        topics: [arn]
      )
      let topic = moto.broker.topic(arn: arn)
      let text =
        #"{"eventType":"non-associations.created","additionalInformation":{"id":42,"nsPrisonerNumber1":"A1234BC","nsPris"#
        + #"onerNumber2":"D5678EF","source":"DPS"},"version":"1.0","occurredAt":"2026-01-15T10:20:30.123456Z","descript"#
        + #"ion":"A non-association has been created:  42"}"#
      let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      _ = try await topic.publish(
        OutgoingMessage("other", ["eventType": MessageAttribute(value: "unwanted")]),
        deadline: .soon
      )
      let id = try await topic.publish(
        OutgoingMessage(
          text,
          [
            "eventType": MessageAttribute(value: "non-associations.created"),
            "traceparent": MessageAttribute(value: traceparent),
          ]
        ),
        deadline: .soon
      )
      let messages = try moto.botoReceive("q")
      #expect(messages.count == 1)
      let envelope = try JSONValue(parsing: Array((messages.first?["Body"]?.text ?? "").utf8))
      #expect(envelope["Type"]?.text == "Notification")
      #expect(envelope["MessageId"]?.text == id)
      #expect(envelope["TopicArn"]?.text == arn)
      #expect(envelope["Message"]?.text == text)
      let attribute = { (name: String, value: String) in
        envelope["MessageAttributes"]?[name]
          == .object(["Type": .string("String"), "Value": .string(value)])
      }
      #expect(attribute("eventType", "non-associations.created"))
      #expect(attribute("traceparent", traceparent))
    }
  }

  @Test("Any text arrives as it was")
  func texts() async throws {
    try await Moto.run { (moto) async throws in
      let arn = moto.topicARN("t")
      try await moto.create(
        QueueDefinition(moto.name("q"), subscriptions: [SubscriptionDefinition(topic: moto.name("t"))]),
        topics: [arn]
      )
      for text in [
        "a+b c%20&d=e", "é ሴ \u{1F600}", "tab\t\r\n", "{\"a\":\"\\u0001\"}",
        String(repeating: "é", count: 100_000),
      ] {
        _ = try await moto.broker.topic(arn: arn).publish(
          OutgoingMessage(text, ["eventType": MessageAttribute(value: "x&y=ü +")]),
          deadline: .soon
        )
        let message = try #require(try await moto.queue("q").take().first)
        let envelope = try JSONValue(parsing: message.body)
        #expect(envelope["Message"]?.text == text)
        #expect(envelope["MessageAttributes"]?["eventType"]?["Value"]?.text == "x&y=ü +")
        _ = try await moto.queue("q").delete(receipts: [message.receipt], deadline: .soon)
      }
    }
  }

  @Test("Status counts the subscriptions; a topic that is not there is not found")
  func status() async throws {
    try await Moto.run { (moto) async throws in
      let arn = moto.topicARN("t")
      let topic = moto.broker.topic(arn: arn)
      #expect(topic.name == moto.name("t"))
      let missing = await brokerError { () async throws(BrokerError) in
        _ = try await topic.status(deadline: .soon)
      }
      #expect(missing?.kind == .notFound)
      let unpublished = await brokerError { () async throws(BrokerError) in
        _ = try await topic.publish(OutgoingMessage("secret body"), deadline: .soon)
      }
      #expect(unpublished?.kind == .notFound)
      #expect(unpublished?.description.contains("secret body") == false)
      try await moto.create(
        QueueDefinition(moto.name("q"), subscriptions: [SubscriptionDefinition(topic: moto.name("t"))]),
        topics: [arn]
      )
      // Moto counts no subscriptions.
      #expect(try await topic.status(deadline: .soon).arn == arn)
    }
  }

  @Test("Status has the numbers of SNS's answer")
  func counts() async throws {
    let entries = [
      ("SubscriptionsPending", "1"), ("Owner", "000000000000"), ("SubscriptionsConfirmed", "12"),
    ]
    .map { "<entry><key>\($0)</key><value>\($1)</value></entry>" }
    let answer = ScriptedAWS.Answer(
      body:
        "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes>\(entries.joined())</Attributes>"
        + "</GetTopicAttributesResult></GetTopicAttributesResponse>"
    )
    try await ScriptedAWS.run([answer]) { (server, broker) async throws in
      let arn = "arn:aws:sns:eu-west-2:000000000000:t"
      #expect(
        try await broker.topic(arn: arn).status(deadline: .soon)
          == TopicStatus(arn: arn, confirmedSubscriptions: 12, pendingSubscriptions: 1)
      )
      #expect(
        server.received.first?.body
          == "Action=GetTopicAttributes&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-2%3A000000000000%3At"
      )
    }
  }
}
