import Events
import Testing

@Suite struct BrokerNamesTests {
  private static let arn = "arn:aws:sns:eu-west-2:754256621582:hmpps-domain-events"

  @Test("The names of production are good")
  func good() {
    var names = BrokerNames()
    names.topics = [("domainevents", Self.arn)]
    names.queues = [
      .init(id: "nonassociations", name: "na", deadLetterQueue: "na-dlq", subscribedTopicID: "domainevents"),
      .init(id: "audit", name: "audit"),
    ]
    #expect(names.problems == [])
    #expect(BrokerNames().problems == [])
  }

  @Test("Everything that is wrong is said, in one go")
  func bad() {
    var names = BrokerNames()
    names.topics = [("domainEvents", Self.arn), ("outbound", "hmpps-domain-events"), ("second", Self.arn)]
    names.queues = [
      .init(id: "Audit", name: ""),
      .init(id: "one", name: "same", deadLetterQueue: "same-dlq", subscribedTopicID: "unknown"),
      .init(id: "two", name: "same", deadLetterQueue: "same-dlq"),
      .init(id: "three", name: "three", deadLetterQueue: ""),
    ]
    #expect(
      names.problems == [
        "topic id domainEvents is not lower case",
        "topic outbound: \"hmpps-domain-events\" is no ARN of a topic",
        "queue id Audit is not lower case",
        "queue Audit: the queue name is empty",
        "queue one subscribes to the unknown topic id unknown",
        "queue three: the name of the dead-letter queue is empty",
        "topic ARN \(Self.arn) stands twice",
        "queue name same stands twice",
        "dead-letter queue name same-dlq stands twice",
      ]
    )
  }

  @Test(
    "What is no ARN of a topic",
    arguments: [
      "", "arn", "arn:aws:sqs:eu-west-2:754256621582:queue", "arn:aws:sns:eu-west-2:75425662158:topic",
      "arn:aws:sns:eu-west-2:754256621582:", "arn:aws:sns::754256621582:topic",
      "arn:aws:sns:eu-west-2:754256621582:topic:11111111-2222-3333-4444-555555555555",
    ]
  )
  func noARN(_ arn: String) {
    var names = BrokerNames()
    names.topics = [("topic", arn)]
    #expect(names.problems.count == 1)
  }
}
