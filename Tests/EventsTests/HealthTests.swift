import Testing

@testable import Events

@Suite struct HealthTests {
  private func text(_ health: BrokerHealth) -> String {
    "\(health.name) \(health.isUp ? "UP" : "DOWN") "
      + health.details.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
  }

  @Test("a queue tells its messages and those of its dead-letter queue")
  func up() async throws {
    try await BrokerFixture.run { fixture in
      for _ in 1...3 { try await fixture.send("a") }
      _ = try await fixture.receive(limit: 1)
      try await fixture.send("a", to: fixture.deadLetters)
      let health = await BrokerHealth.queue(
        id: "domainevents",
        fixture.queue,
        deadLetterQueue: fixture.deadLetters,
        deadline: .soon
      )
      #expect(
        text(health)
          == "domainevents-health UP queueName=main,messagesOnQueue=2,messagesInFlight=1,dlqStatus=UP,"
          + "dlqName=main-dlq,messagesOnDlq=1"
      )
      let audit = await BrokerHealth.queue(
        id: "audit",
        fixture.audit,
        deadLetterQueue: nil,
        deadline: .soon
      )
      #expect(text(audit) == "audit-health UP queueName=audit,messagesOnQueue=0,messagesInFlight=0")
      let topic = await BrokerHealth.topic(
        id: "out",
        fixture.topic,
        arn: BrokerFixture.topicARN,
        deadline: .soon
      )
      #expect(
        text(topic)
          == "out-health UP topicArn=\(BrokerFixture.topicARN),subscriptionsConfirmed=2,subscriptionsPending=0"
      )
    }
  }

  @Test("the failures of docs/contract/platform.md §3.4, §3.5")
  func down() async throws {
    try await BrokerFixture.run { fixture in
      let missing = fixture.broker.queue("missing")
      func health(_ queue: PostgresQueue, _ deadLetters: PostgresQueue) async -> String {
        text(
          await BrokerHealth.queue(id: "main", queue, deadLetterQueue: deadLetters, deadline: .soon)
        )
      }
      #expect(
        await health(missing, fixture.deadLetters)
          == "main-health DOWN queueName=missing,error=there is no queue missing,dlqStatus=UP,dlqName=main-dlq,"
          + "messagesOnDlq=0"
      )
      #expect(
        await health(fixture.queue, missing)
          == "main-health DOWN queueName=main,messagesOnQueue=0,messagesInFlight=0,dlqStatus=DOWN,"
          + "dlqName=missing,error=there is no queue missing"
      )
      #expect(
        await health(fixture.audit, fixture.deadLetters)
          == "main-health DOWN queueName=audit,messagesOnQueue=0,messagesInFlight=0,dlqStatus=DOWN,"
          + "dlqName=main-dlq,messagesOnDlq=0,"
          + "error=MissingRedrivePolicyException: The main queue for main is missing a RedrivePolicy"
      )
      let topic = await BrokerHealth.topic(
        id: "out",
        fixture.broker.topic(arn: "arn:x:gone"),
        arn: "arn:x:gone",
        deadline: .soon
      )
      #expect(text(topic) == "out-health DOWN topicArn=arn:x:gone,error=there is no topic gone")
    }
  }

  @Test("a consumer that has not been answered for a minute makes its queue down")
  func deaf() async throws {
    try await BrokerFixture.run { fixture in
      func health(_ silence: Duration) async -> String {
        text(
          await BrokerHealth.queue(
            id: "audit",
            fixture.audit,
            deadLetterQueue: nil,
            consumer: ConsumerStatistics(id: "audit", sinceLastPoll: silence),
            deadline: .soon
          )
        )
      }
      let details = "queueName=audit,messagesOnQueue=0,messagesInFlight=0"
      #expect(await health(.seconds(9)) == "audit-health UP \(details),secondsSinceLastPoll=9")
      #expect(
        await health(.seconds(61))
          == "audit-health DOWN \(details),secondsSinceLastPoll=61,error=the queue has not been polled for 61 seconds"
      )
    }
  }
}
