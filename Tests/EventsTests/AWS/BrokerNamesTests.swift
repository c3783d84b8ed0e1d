import Events
import Testing

@Suite struct BrokerNamesTests {
  private static let arn = "arn:aws:sns:eu-west-2:754256621582:hmpps-domain-events"

  @Test("The names of production are good, and a missing one is somebody else's complaint")
  func good() {
    var names = BrokerNames()
    #expect(names.problems == [])
    names.topics = [.init("TOPIC", Self.arn)]
    names.subscribedTopics = [.init("TOPIC", Self.arn), .init("OTHER_TOPIC", Self.arn)]
    names.queues = [.init("QUEUE", "na"), .init("AUDIT", "audit"), .init("A", ""), .init("B", "")]
    names.deadLetterQueues = [.init("DLQ", "na-dlq")]
    #expect(names.problems == [])
  }

  @Test("Everything that is wrong is said in one go, by the names of its variables")
  func bad() {
    var names = BrokerNames()
    names.topics = [
      .init("FIRST", Self.arn), .init("SECOND", "hmpps-domain-events"), .init("THIRD", Self.arn),
    ]
    names.subscribedTopics = [.init("FOURTH", "sns")]
    names.queues = [.init("ONE", "same"), .init("TWO", "other"), .init("THREE", "same")]
    names.deadLetterQueues = [.init("ONE_DLQ", "dlq"), .init("TWO_DLQ", "dlq")]
    #expect(
      names.problems == [
        "SECOND: 'hmpps-domain-events' is no ARN of a topic", "FOURTH: 'sns' is no ARN of a topic",
        "THIRD: '\(Self.arn)' is what FIRST says as well", "THREE: 'same' is what ONE says as well",
        "TWO_DLQ: 'dlq' is what ONE_DLQ says as well",
      ]
    )
  }

  @Test(
    "What is no ARN of a topic",
    arguments: [
      "arn", "arn:aws:sqs:eu-west-2:754256621582:queue", "arn:aws:sns:eu-west-2:75425662158:topic",
      "arn:aws:sns:eu-west-2:754256621582:", "arn:aws:sns::754256621582:topic",
      "arn:aws:sns:eu-west-2:754256621582:topic:11111111-2222-3333-4444-555555555555",
    ]
  )
  func noARN(_ arn: String) {
    var names = BrokerNames()
    names.topics = [.init("TOPIC", arn)]
    #expect(names.problems.count == 1)
  }
}
