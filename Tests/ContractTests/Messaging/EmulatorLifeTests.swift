import AWSPeer
import EventLoops
import Foundation
import HTTPTransport
import InMemoryLogging
import Logging
import TestKit
import Testing
import Time

@testable import Events
@testable import Gateway

/// The gateway and an emulator that comes late, is recreated, or is another than the names say.
@Suite("A broker that is away keeps nothing from working")
struct EmulatorLifeTests {
  /// A port that nobody listens at.
  private func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { Glibc.close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
      }
    }
    try #require(result == 0)
    return UInt16(bigEndian: address.sin_port)
  }

  private func with(
    _ port: UInt16,
    _ settings: [String: String],
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ body: (RunningGateway) async throws -> Void
  ) async throws {
    let all = [
      "HMPPS_SQS_PROVIDER": "localstack", "HMPPS_SQS_LOCALSTACK_URL": "http://127.0.0.1:\(port)",
    ].merging(settings) { $1 }
    try await withGateway(settings: all, logger: logger, patientsOutbox: nil, body)
  }

  /// Makes a change that is to be published and audited.
  private func change(_ gateway: RunningGateway, _ first: String, _ second: String) async throws -> Int {
    let id = try await gateway.database.insertOpen(first, second)
    let answer = try await gateway.put(
      "/non-associations/\(id)/close",
      #"{"closedReason":"settled"}"#,
      token: try gateway.writer(user: "U")
    )
    #expect(answer.status == 200)
    return id
  }

  private func isAllPublished(_ gateway: RunningGateway) async throws {
    try await eventually("everything is published") {
      try await gateway.database.count("gateway_outbox where published_at is null") == 0
    }
    #expect(try await gateway.database.count("gateway_outbox where set_aside_at is not null") == 0)
  }

  /// The records that the messages on a topic are about.
  private func records(_ messages: [String]) throws -> [Int] {
    try messages.map { message in
      try JSON(parsing: Array(message.utf8))["additionalInformation"]?["id"]?.number ?? -1
    }
  }

  private func isWell(_ gateway: RunningGateway) async throws {
    try await eventually("the gateway is healthy") {
      try await gateway.get("/non-associations-api/health").status == 200
    }
  }

  @Test(
    "It starts before its emulator, says what is missing, and makes and publishes everything once it is there"
  )
  func startFirst() async throws {
    let names = MessagingNames()
    let port = try freePort()
    try await with(port, names.settings) { (gateway) async throws in
      #expect(try await gateway.get("/health/readiness").status == 200)
      let first = try await change(gateway, "A1234BC", "D5678EF")
      for name in ["domainevents-health", "nonassociations-health", "audit-health"] {
        // A topic is told of once it has been asked for.
        try await eventually("health names the endpoint that is away") {
          let component = try await gateway.get("/non-associations-api/health/\(name)")
          let reason = try component.json["details"]?["error"]?.text
          return component.status == 503 && reason?.contains("127.0.0.1:\(port)") == true
        }
      }
      #expect(try await gateway.get("/non-associations-api/health").status == 503)
      // Away for ten seconds, as long as a start of LocalStack takes.
      try await Task.sleep(for: .seconds(10))
      let second = try await change(gateway, "B1111BB", "C2222CC")
      let emulator = try AWSPeer(port: port)
      try await isAllPublished(gateway)
      #expect(try records(try emulator.published(on: names.topicARN)).sorted() == [first, second])
      let audit = try emulator.boto("sqs", "get_queue_url", ["QueueName": names.audit])["QueueUrl"]?.text
      let attributes = try emulator.boto(
        "sqs",
        "get_queue_attributes",
        ["QueueUrl": audit ?? "", "AttributeNames": ["All"]]
      )
      #expect(attributes["Attributes"]?["ApproximateNumberOfMessages"]?.text == "2")
      try await isWell(gateway)
      try emulator.stop()
    }
  }

  @Test(
    "An emulator that is started again, empty, gets everything again: what was changed meanwhile is published, what is sent is handled"
  )
  func restartedEmpty() async throws {
    let names = MessagingNames()
    let port = try freePort()
    let before = try AWSPeer(port: port)
    try await with(port, names.settings) { (gateway) async throws in
      let first = try await change(gateway, "A1234BC", "D5678EF")
      try await isAllPublished(gateway)
      #expect(try records(try before.published(on: names.topicARN)) == [first])
      try before.stop()
      let second = try await change(gateway, "B1111BB", "C2222CC")
      let after = try AWSPeer(port: port)
      let third = try await change(gateway, "D1111DD", "E2222EE")
      try await isAllPublished(gateway)
      #expect(try records(try after.published(on: names.topicARN)).sorted() == [second, third])
      try await gateway.database.insertOpen("A1111AA", "C3333CC")
      try await isWell(gateway)
      try after.boto(
        "sns",
        "publish",
        [
          "TopicArn": names.topicARN,
          "Message": try JSON(parsing: Array(Sample.compact("consumed/prisoner.merged.json").utf8))[
            "Message"
          ]?.text
            ?? "",
          "MessageAttributes": [
            "eventType": ["DataType": "String", "StringValue": "prison-offender-events.prisoner.merged"]
          ],
        ]
      )
      try await eventually("the number is merged") {
        try await gateway.database.count("non_association where first_prisoner_number = 'B2222BB'") == 1
      }
      try after.stop()
    }
  }

  @Test(
    "Default names take the account and the region that the emulator has, of topics that queues subscribe to as well"
  )
  func otherAccount() async throws {
    let port = try freePort()
    let emulator = try AWSPeer(port: port, account: "123456789012", region: "us-east-1")
    try await with(port, ["HMPPS_SQS_REGION": "us-east-1"]) { (gateway) async throws in
      let id = try await change(gateway, "A1234BC", "D5678EF")
      try await isAllPublished(gateway)
      let account = "arn:aws:sns:us-east-1:123456789012:"
      let topic = account + "11111111-2222-3333-4444-555555555555"
      #expect(try records(try emulator.published(on: topic)) == [id])
      try await isWell(gateway)
      let component = try await gateway.get("/non-associations-api/health/domainevents-health").json
      #expect(component["details"]?["topicArn"]?.text == topic)
      for name in ["domain_events_queue", "offender_events_queue"] {
        let found = try emulator.boto("sns", "list_subscriptions_by_topic", ["TopicArn": account + name])
        #expect(found["Subscriptions"]?.elements.count == 1)
      }
      let findings = await doctor(gateway)
      #expect(!findings.contains { $0.area == "topics" && $0.level != .ok }, "\(findings.map(\.line))")
      try emulator.stop()
    }
  }

  @Test(
    "A topic that somebody has set and the emulator has not is told by its variable, in health, log and doctor; what is for it waits"
  )
  func wrongAccount() async throws {
    let names = MessagingNames()
    let port = try freePort()
    let emulator = try AWSPeer(port: port, account: "123456789012")
    let log = InMemoryLogHandler()
    try await with(port, names.settings, logger: Logger(label: "test") { _ in log }) {
      (gateway) async throws in
      _ = try await change(gateway, "A1234BC", "D5678EF")
      let complaint = "HMPPS_SQS_TOPICS_DOMAINEVENTS_ARN: the emulator has "
      try await eventually("health says what AWS complains of") {
        let component = try await gateway.get("/non-associations-api/health/domainevents-health").json
        return component["details"]?["error"]?.text?.hasPrefix(complaint) == true
      }
      #expect(log.entries.contains { $0.message.description.hasPrefix(complaint) })
      // Once, however often it is found.
      #expect(log.entries.count { $0.message.description.hasPrefix(complaint) } == 1)
      let findings = await doctor(gateway)
      #expect(
        findings.contains { $0.level == .fail && $0.text.hasPrefix(complaint) },
        "\(findings.map(\.line))"
      )
      #expect(
        try await gateway.database.count("gateway_outbox where kind = 'event' and published_at is null") == 1
      )
      #expect(try await gateway.database.count("gateway_outbox where set_aside_at is not null") == 0)
      // Queues are named without an account, so that audit messages go out.
      try await eventually("all audit records are sent") {
        try await gateway.database.count("gateway_outbox where kind = 'audit' and published_at is null") == 0
      }
      try emulator.stop()
    }
  }

  private func doctor(_ gateway: RunningGateway) async -> [Finding] {
    guard let group = try? World.group.get() else { return [] }
    return await Doctor(
      configuration: gateway.configuration,
      group: group,
      clock: SystemClock(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ).broker()
  }

  @Test("Doctor names the variable of an emulator that does not answer, and makes nothing in one that does")
  func doctorAway() async throws {
    let names = MessagingNames()
    let port = try freePort()
    try await with(port, names.settings) { (gateway) async throws in
      let away = await doctor(gateway).filter { $0.area == "topics" || $0.area == "queues" }
      #expect(away.count > 5 && away.allSatisfy { $0.level == .fail })
      #expect(
        away.allSatisfy { $0.advice?.contains("HMPPS_SQS_LOCALSTACK_URL") == true },
        "\(away.map(\.line))"
      )
    }
    let emulator = try AWSPeer()
    try await withGateway { (gateway) async throws in
      var configuration = gateway.configuration
      configuration.messaging.provider = .emulator(emulator.url)
      let doctor = Doctor(
        configuration: configuration,
        group: try World.group.get(),
        clock: SystemClock(),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      )
      let findings = await doctor.broker()
      #expect(
        findings.allSatisfy { $0.level == .warn && $0.text.hasSuffix("is not there yet") },
        "\(findings.map(\.line))"
      )
      #expect(try emulator.boto("sqs", "list_queues", [:])["QueueUrls"]?.elements ?? [] == [])
      #expect(try emulator.boto("sns", "list_topics", [:])["Topics"]?.elements ?? [] == [])
    }
    try emulator.stop()
  }

  @Test(
    "Only a name that AWS itself says it does not have refuses the start, by its variable; whoever does not answer is hardly waited for"
  )
  func presence() async throws {
    let loop = try World.group.get().any()
    let client = HTTPClient(group: try World.group.get())
    let aws = AWSBroker(
      endpoints: AWSEndpoints(emulator: AWSPeer.shared.url, region: "eu-west-2"),
      credentials: AWSCredentials.emulator,
      client: client,
      clock: SystemClock()
    )
    let suffix = MessagingNames().audit
    try AWSPeer.shared.boto("sqs", "create_queue", ["QueueName": "there-\(suffix)"])
    var names = BrokerNames()
    names.topics = [.init("TOPIC", "arn:aws:sns:eu-west-2:000000000000:none-\(suffix)")]
    names.queues = [.init("QUEUE", "there-\(suffix)"), .init("AUDIT", "no-\(suffix)")]
    names.deadLetterQueues = [.init("DLQ", "none-\(suffix)")]
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let found = BrokerPresence([names], on: aws)
    #expect(
      await withTaskExecutorPreference(loop) { await found.problems(by: loop, logger: quiet) } == [
        "AUDIT: AWS has no queue 'no-\(suffix)'", "DLQ: AWS has no queue 'none-\(suffix)'",
        "TOPIC: AWS has no topic '\(names.topics[0].text)'",
      ]
    )
    await client.shutdown()
    // Nothing of what hangs, refuses or fails is a mistake, and together they take no longer than one.
    let looks: [(name: BrokerNames.Name, kind: String, look: BrokerPresence.Look)] = [
      BrokerError.Kind.unavailable, .throttled, .denied, .refused,
    ].map { kind in
      (.init("\(kind)", "x"), "queue", { (_) throws(BrokerError) in throw BrokerError(kind, "no") })
    }
    let hanging = (0..<20).map { index in
      (
        BrokerNames.Name("HANGS\(index)", "x"), "queue",
        { @Sendable (deadline: MonotonicInstant) throws(BrokerError) in
          try? await Task.sleep(for: deadline.duration(since: .now()))
          throw BrokerError(.unavailable, "no answer in time")
        } as BrokerPresence.Look
      )
    }
    let log = InMemoryLogHandler()
    let start = MonotonicInstant.now()
    let presence = BrokerPresence(looks + hanging)
    #expect(
      await withTaskExecutorPreference(loop) {
        await presence.problems(by: loop, logger: Logger(label: "test") { _ in log })
      } == []
    )
    #expect(MonotonicInstant.now().duration(since: start) < .seconds(10))
    #expect(log.entries.count == 24)
  }
}
