import AWSPeer
import Foundation
import JSON
import ServiceKit
import Testing

/// Which broker a gateway of a test works with.
enum Provider: String, CaseIterable, CustomTestStringConvertible, Sendable {
  case inProcess = "in-process"
  /// moto's server.
  case emulator = "localstack"

  var testDescription: String { rawValue }

  func client(of database: TestDatabase) -> any BrokerClient {
    switch self {
    case .inProcess: TableClient(database: database)
    case .emulator: BotoClient()
    }
  }
}

/// A message as somebody else than the gateway finds it on a queue.
struct FoundMessage: Sendable {
  var body: String
  var attributes: [String: String]
}

/// A client of the broker that shares no code with the gateway.
protocol BrokerClient: Sendable {
  /// Makes a queue that gets all that is published on a topic.
  func subscribe(_ queue: String, to topicARN: String) async throws
  func send(_ body: String, _ attributes: [String: String], to queue: String) async throws
  /// Takes what is visible, and deletes it.
  func take(from queue: String) async throws -> [FoundMessage]
  func counts(of queue: String) async throws -> (visible: Int, hidden: Int)
}

/// boto3.
struct BotoClient: BrokerClient {
  private func url(_ queue: String) throws -> String {
    try AWSPeer.shared.boto("sqs", "get_queue_url", ["QueueName": queue])["QueueUrl"]?.text ?? ""
  }

  func subscribe(_ queue: String, to topicARN: String) async throws {
    try AWSPeer.shared.boto("sqs", "create_queue", ["QueueName": queue])
    try AWSPeer.shared.boto(
      "sns",
      "subscribe",
      [
        "TopicArn": topicARN, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:eu-west-2:000000000000:\(queue)",
      ]
    )
  }

  /// As a queue of before August 2025 has it.
  func setMaximumMessageSize(_ size: Int, of queue: String) throws {
    try AWSPeer.shared.boto(
      "sqs",
      "set_queue_attributes",
      ["QueueUrl": try url(queue), "Attributes": ["MaximumMessageSize": "\(size)"]]
    )
  }

  func hasSubscription(_ topicARN: String) -> Bool {
    let found = try? AWSPeer.shared.boto("sns", "list_subscriptions_by_topic", ["TopicArn": topicARN])
    return found?["Subscriptions"]?.elements.isEmpty == false
  }

  func publish(_ message: String, type: String, on topicARN: String) throws {
    try AWSPeer.shared.boto(
      "sns",
      "publish",
      [
        "TopicArn": topicARN, "Message": message,
        "MessageAttributes": ["eventType": ["DataType": "String", "StringValue": type]],
      ]
    )
  }

  func send(_ body: String, _ attributes: [String: String], to queue: String) async throws {
    try AWSPeer.shared.boto(
      "sqs",
      "send_message",
      [
        "QueueUrl": try url(queue), "MessageBody": body,
        "MessageAttributes": attributes.mapValues { ["DataType": "String", "StringValue": $0] },
      ]
    )
  }

  func take(from queue: String) async throws -> [FoundMessage] {
    let url = try url(queue)
    var all: [FoundMessage] = []
    while true {
      let answer = try AWSPeer.shared.boto(
        "sqs",
        "receive_message",
        ["QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0, "MessageAttributeNames": ["All"]]
      )
      let messages = answer["Messages"]?.elements ?? []
      guard !messages.isEmpty else { return all }
      for message in messages {
        var attributes: [String: String] = [:]
        if case .object(let members)? = message["MessageAttributes"] {
          attributes = members.compactMapValues { $0["StringValue"]?.text }
        }
        all.append(FoundMessage(body: message["Body"]?.text ?? "", attributes: attributes))
      }
      let handles = messages.enumerated().map { index, message in
        ["Id": "\(index)", "ReceiptHandle": message["ReceiptHandle"]?.text ?? ""]
      }
      try AWSPeer.shared.boto("sqs", "delete_message_batch", ["QueueUrl": url, "Entries": handles])
    }
  }

  func counts(of queue: String) async throws -> (visible: Int, hidden: Int) {
    let answer = try AWSPeer.shared.boto(
      "sqs",
      "get_queue_attributes",
      ["QueueUrl": try url(queue), "AttributeNames": ["All"]]
    )
    func count(_ name: String) -> Int { answer["Attributes"]?[name]?.text.flatMap { Int($0) } ?? -1 }
    return (count("ApproximateNumberOfMessages"), count("ApproximateNumberOfMessagesNotVisible"))
  }

  // MARK: Meddling

  func delete(queue: String) throws {
    try AWSPeer.shared.boto("sqs", "delete_queue", ["QueueUrl": try url(queue)])
  }

  func removeRedrivePolicy(of queue: String) throws {
    try AWSPeer.shared.boto(
      "sqs",
      "set_queue_attributes",
      ["QueueUrl": try url(queue), "Attributes": ["RedrivePolicy": ""]]
    )
  }
}

/// psql, on the tables of the queues.
struct TableClient: BrokerClient {
  let database: TestDatabase

  func subscribe(_ queue: String, to topicARN: String) async throws {
    let topic = topicARN.split(separator: ":").last ?? ""
    try await database.run(
      """
      insert into gateway_queue (name, arn, visibility_timeout_ms)
      values ('\(queue)', 'arn:aws:sqs:eu-west-2:000000000000:\(queue)', 30000);
      insert into gateway_subscription (topic, queue) values ('\(topic)', '\(queue)')
      """
    )
  }

  func send(_ body: String, _ attributes: [String: String], to queue: String) async throws {
    let pairs = attributes.map { #""\#($0)":{"Type":"String","Value":"\#($1)"}"# }.joined(separator: ",")
    try await database.run(
      """
      insert into gateway_queue_message (queue, body, attributes)
      values ('\(queue)', $body$\(body)$body$, $body${\(pairs)}$body$);
      select pg_notify('gateway_queue', '\(queue)')
      """
    )
  }

  func take(from queue: String) async throws -> [FoundMessage] {
    let text = try await database.row(
      """
      with taken as (
        delete from gateway_queue_message where queue = '\(queue)' and visible_at <= now() returning *
      )
      select coalesce(json_agg(json_build_object('body', body, 'attributes', attributes) order by id), '[]') from taken
      """
    )
    return try JSON(parsing: Array(text.utf8)).items.map { message in
      var attributes: [String: String] = [:]
      if case .object(let members)? = message["attributes"] {
        attributes = members.compactMapValues { $0["Value"]?.text }
      }
      return FoundMessage(body: message["body"]?.text ?? "", attributes: attributes)
    }
  }

  func counts(of queue: String) async throws -> (visible: Int, hidden: Int) {
    let numbers = try await database.row(
      """
      select count(*) filter (where visible_at <= now()) || ' ' || count(*) filter (where visible_at > now())
      from gateway_queue_message where queue = '\(queue)'
      """
    ).split(separator: " ").compactMap { Int($0) }
    return (numbers.first ?? -1, numbers.last ?? -1)
  }
}
