import AWSPeer
import TestKit
import Testing

/// One database, one topic and its queues, on which a service replaced and the gateway's module of it take turns.
struct CutOver: Sendable {
  let database: TestDatabase
  /// The one that the gateway has, and no other.
  let module: String
  /// What else the gateway is configured with.
  var settings: [String: String] = [:]
  let names = MessagingNames()
  let client = BotoClient()

  /// A turn of the gateway; when it returns, the gateway has stopped.
  /// - Parameter topicARN: of the subscription that the gateway makes last where there is none.
  func gateway(
    subscribedTo topicARN: String,
    _ body: (RunningGateway) async throws -> Void
  ) async throws {
    let emulator = [
      "GATEWAY_MODULES": module, "HMPPS_SQS_PROVIDER": Provider.emulator.rawValue,
      "HMPPS_SQS_LOCALSTACK_URL": "\(AWSPeer.shared.url)", "SERVER_SHUTDOWN_TIMEOUT": "30s",
    ].merging(settings) { $1 }
    try await withGateway(
      on: database,
      settings: names.settings.merging(emulator) { $1 },
      patientsOutbox: nil
    ) {
      (gateway) async throws in
      try await eventually("the queue is subscribed to the topic") { client.hasSubscription(topicARN) }
      try await body(gateway)
    }
  }

  /// Waits until nobody has anything left of a queue.
  func isDrained(_ queue: String) async throws {
    try await eventually("the queue is empty", within: .seconds(90)) {
      try await client.counts(of: queue) == (0, 0)
    }
  }

  /// Waits until all that the gateway has to tell is told.
  func isTold() async throws {
    try await eventually("everything is published", within: .seconds(90)) {
      try await database.count("gateway_outbox where published_at is null") == 0
    }
    #expect(try await database.count("gateway_outbox where set_aside_at is not null") == 0)
  }

  /// What the subscriber has got, each with its type.
  func told() async throws -> [(type: String, event: JSON)] {
    try await client.take(from: names.subscriber).map { message in
      let envelope = try JSON(parsing: Array(message.body.utf8))
      return (
        envelope["MessageAttributes"]?["eventType"]?["Value"]?.text ?? "",
        try JSON(parsing: Array((envelope["Message"]?.text ?? "").utf8))
      )
    }
  }
}
