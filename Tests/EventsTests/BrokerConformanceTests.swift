import AWSPeer
import EventLoops
import Events
import PlatformTestKit
import Simulation
import Testing
import Time

/// What brokers promise, on each that there is. Where one lacks a claim, its test says which and why, and fails once the
/// claim holds.
@Suite("Every broker keeps what brokers promise") struct BrokerConformanceTests {
  /// Claims of ``BrokerClaim`` that moto's SNS and SQS do not keep.
  private static let notInMoto: [BrokerClaim: Comment] = [
    .timeoutsHaveBounds:
      "moto counts the time since the receipt, as SQS does: 12 hours more are beyond the limit",
    .formerReceiptsHideNothing: "moto takes every receipt that a message has had",
    .formerReceiptsDeleteNothing: "moto takes every receipt that a message has had",
    .emptyIsRefused: "moto takes empty messages, which SQS refuses",
  ]

  @Test("In PostgreSQL", arguments: BrokerClaim.allCases) func postgres(claim: BrokerClaim) async throws {
    try await BrokerFixture.run(maximumReceiveCount: 2) { fixture in
      try await claim.check(PostgresConformance(fixture: fixture))
    }
  }

  @Test("SNS and SQS, as moto has them", arguments: BrokerClaim.allCases) func moto(claim: BrokerClaim)
    async throws
  {
    try await Moto.run { moto in
      let topic = moto.name("t")
      try await moto.create(
        QueueDefinition(
          moto.name("main"),
          deadLetterQueue: moto.name("dead"),
          maximumReceiveCount: 2,
          subscriptions: [
            SubscriptionDefinition(topic: topic, filter: FilterPolicy(eventTypes: BrokerFixture.types))
          ]
        ),
        topics: [BrokerARN.topic(topic)]
      )
      try await moto.create(
        QueueDefinition(moto.name("all"), subscriptions: [SubscriptionDefinition(topic: topic)]),
        topics: [BrokerARN.topic(topic)]
      )
      guard let reason = Self.notInMoto[claim] else {
        return try await claim.check(MotoConformance(moto: moto))
      }
      await withKnownIssue(reason) { try await claim.check(MotoConformance(moto: moto)) }
    }
  }

  @Test("The model", arguments: BrokerClaim.allCases) func model(claim: BrokerClaim) async throws {
    try await claim.check(ModelConformance())
  }

  @Test("The model's clock stands still once a message is taken, however late its taker goes on")
  func modelStandsStill() async throws {
    let model = ModelConformance()
    _ = try await model.main.send(OutgoingMessage(body: [0x61]), deadline: .now() + .seconds(60))
    let inFlight = try await model.passingTime {
      let taken = try await model.main.receive(
        limit: 1,
        wait: .seconds(20),
        visibilityTimeout: nil,
        deadline: .now() + .seconds(60)
      )
      #expect(taken.count == 1)
      for _ in 0..<10_000 { await Task.yield() }
      return try await model.main.status(deadline: .now() + .seconds(60)).messagesInFlight
    }
    #expect(inFlight == 1)
  }
}

private struct PostgresConformance: ConformingBroker {
  let fixture: BrokerFixture

  var topic: any Topic { fixture.topic }
  var main: any MessageQueue { fixture.queue }
  var dead: any MessageQueue { fixture.deadLetters }
  var all: any MessageQueue { fixture.audit }
  var nowhere: (topic: any Topic, queue: any MessageQueue) {
    (fixture.broker.topic(arn: BrokerARN.topic("nowhere")), fixture.broker.queue("nowhere"))
  }

  func passingTime<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws
    -> Value
  {
    try await body()
  }
}

private struct MotoConformance: ConformingBroker {
  let moto: Moto

  var topic: any Topic { moto.broker.topic(arn: moto.topicARN("t")) }
  var main: any MessageQueue { moto.queue("main") }
  var dead: any MessageQueue { moto.queue("dead") }
  var all: any MessageQueue { moto.queue("all") }
  var nowhere: (topic: any Topic, queue: any MessageQueue) {
    (moto.broker.topic(arn: moto.topicARN("nowhere")), moto.queue("nowhere"))
  }

  func passingTime<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws
    -> Value
  {
    try await body()
  }
}
