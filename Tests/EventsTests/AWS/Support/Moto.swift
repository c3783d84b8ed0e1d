import AWSPeer
import EventLoops
import Events
import Foundation
import HTTPTransport
import JSON
import ServiceKit
import Time

/// A broker on moto, with topics and queues of a test's own.
struct Moto: Sendable {
  let broker: AWSBroker
  /// Ends every name that the test uses.
  let suffix = String(UInt32.random(in: 0...UInt32.max), radix: 36)

  var peer: AWSPeer { .shared }
  var endpoints: AWSEndpoints { broker.endpoints }

  static func run(_ body: (Moto) async throws -> Void) async throws {
    let client = HTTPClient(group: Loops.shared)
    let broker = AWSBroker(
      endpoints: AWSEndpoints(emulator: AWSPeer.shared.url, region: "eu-west-2"),
      credentials: AWSCredentials.emulator,
      client: client,
      clock: SystemClock()
    )
    do {
      try await body(Moto(broker: broker))
    } catch {
      await client.shutdown()
      throw error
    }
    await client.shutdown()
  }

  func name(_ name: String) -> String { "\(name)-\(suffix)" }
  func topicARN(_ name: String) -> String { BrokerARN.topic(self.name(name)) }
  func queue(_ name: String) -> SQSQueue { broker.queue(self.name(name)) }

  /// A queue of this definition, with its dead-letter queue.
  func create(_ queue: QueueDefinition, topics: [String] = []) async throws {
    _ = try await LocalStackProvisioner(broker).create(
      topics: topics.map(BrokerARN.name),
      queues: [queue],
      deadline: .soon
    )
  }

  /// The URL that boto3 finds a queue at.
  func url(_ name: String) throws -> String {
    let answer = try peer.boto("sqs", "get_queue_url", ["QueueName": self.name(name)])
    return answer["QueueUrl"]?.text ?? ""
  }

  /// Takes messages with boto3.
  func botoReceive(_ name: String) throws -> [JSONValue] {
    let answer = try peer.boto(
      "sqs",
      "receive_message",
      [
        "QueueUrl": try url(name), "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1,
        "MessageAttributeNames": ["All"], "AttributeNames": ["All"],
      ]
    )
    return answer["Messages"]?.elements ?? []
  }
}

extension SQSQueue {
  /// Takes up to ten messages, waiting a second for the first.
  func take(limit: Int = 10, visibilityTimeout: Duration? = nil) async throws -> [ReceivedMessage] {
    try await receive(limit: limit, wait: .seconds(1), visibilityTimeout: visibilityTimeout, deadline: .soon)
  }
}

extension OutgoingMessage {
  init(_ text: String, _ attributes: [String: MessageAttribute] = [:]) {
    self.init(body: Array(text.utf8), attributes: attributes)
  }
}

/// What a call throws; nil if it succeeds.
func brokerError(_ body: () async throws(BrokerError) -> Void) async -> BrokerError? {
  do throws(BrokerError) {
    try await body()
    return nil
  } catch {
    return error
  }
}
