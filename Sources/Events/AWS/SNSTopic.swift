internal import HTTPTransport
public import Time

/// A topic of SNS.
public struct SNSTopic: Topic {
  private static let version = "2010-03-31"

  /// As AWS has it.
  public let arn: String
  private let sns: AWSClient
  /// Asks how the topic is.
  private let statusSNS: AWSClient

  init(arn: String, sns: AWSClient, statusClient: HTTPClient? = nil) {
    self.arn = arn
    self.sns = sns
    statusSNS = sns.over(statusClient ?? sns.client)
  }

  public var name: String { BrokerARN.name(arn) }
  public var system: String { "aws.sns" }

  public func publish(
    _ message: OutgoingMessage,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> String {
    var parameters = [("TopicArn", arn), ("Message", message.text)]
    for (index, (name, attribute)) in message.attributes.sorted(by: { $0.key < $1.key }).enumerated() {
      let entry = "MessageAttributes.entry.\(index + 1)"
      parameters.append(("\(entry).Name", name))
      parameters.append(("\(entry).Value.DataType", attribute.dataType))
      parameters.append(
        ("\(entry).Value.\(attribute.isBinary ? "BinaryValue" : "StringValue")", attribute.value)
      )
    }
    return try await call("Publish", parameters, deadline) { $0.text("MessageId") }
  }

  public func status(deadline: MonotonicInstant) async throws(BrokerError) -> TopicStatus {
    let topic = SNSTopic(arn: arn, sns: statusSNS)
    return try await topic.call("GetTopicAttributes", [("TopicArn", arn)], deadline) { result in
      let entries = result.first("Attributes")?.children ?? []
      let values = entries.map { ($0.text("key") ?? "", $0.text("value") ?? "") }
      let attributes = Dictionary(values) { first, _ in first }
      return TopicStatus(
        arn: attributes["TopicArn"] ?? arn,
        confirmedSubscriptions: attributes["SubscriptionsConfirmed"].flatMap { Int($0) } ?? 0,
        pendingSubscriptions: attributes["SubscriptionsPending"].flatMap { Int($0) } ?? 0
      )
    }
  }

  // MARK: Making topics and subscriptions

  /// - Returns: the topic's ARN, whether it is new or not.
  static func create(_ name: String, sns: AWSClient, deadline: MonotonicInstant) async throws(BrokerError)
    -> String
  {
    try await SNSTopic(arn: name, sns: sns).call("CreateTopic", [("Name", name)], deadline) {
      $0.text("TopicArn")
    }
  }

  /// - Returns: the ARNs of all topics, at most the first thousand: no emulator has more.
  static func list(sns: AWSClient, deadline: MonotonicInstant) async throws(BrokerError) -> [String] {
    let topic = SNSTopic(arn: "", sns: sns)
    var arns: [String] = []
    var next: String?
    for _ in 0..<10 {
      let parameters = next.map { [("NextToken", $0)] } ?? []
      let page = try await topic.call("ListTopics", parameters, deadline) { result in
        (
          arns: result.first("Topics")?.children.compactMap { $0.text("TopicArn") } ?? [],
          next: result.text("NextToken")
        )
      }
      arns += page.arns
      guard let token = page.next, !token.isEmpty else { break }
      next = token
    }
    return arns
  }

  /// Subscribes a queue. Idempotent.
  /// - Parameter filter: a filter policy; nil for everything.
  func subscribe(
    queueARN: String,
    filter: String?,
    deadline: MonotonicInstant
  ) async throws(BrokerError) {
    let plain = [
      ("TopicArn", arn), ("Protocol", "sqs"), ("Endpoint", queueARN), ("ReturnSubscriptionArn", "true"),
    ]
    guard let filter else {
      _ = try await call("Subscribe", plain, deadline) { $0.text("SubscriptionArn") }
      return
    }
    let entry = [("Attributes.entry.1.key", "FilterPolicy"), ("Attributes.entry.1.value", filter)]
    do throws(BrokerError) {
      _ = try await call("Subscribe", plain + entry, deadline) { $0.text("SubscriptionArn") }
    } catch {
      // There is one, with another filter.
      guard error.kind == .misconfigured || error.kind == .refused else { throw error }
      let subscription = try await call("Subscribe", plain, deadline) { $0.text("SubscriptionArn") }
      let parameters = [
        ("SubscriptionArn", subscription), ("AttributeName", "FilterPolicy"), ("AttributeValue", filter),
      ]
      _ = try await send("SetSubscriptionAttributes", parameters, deadline)
    }
  }

  // MARK: Calling

  /// - Parameter value: takes what is wanted from the result element; nil if it is not there.
  private func call<Value>(
    _ action: String,
    _ parameters: [(String, String)],
    _ deadline: MonotonicInstant,
    _ value: (XMLElement) -> Value?
  ) async throws(BrokerError) -> Value {
    let answer = try await send(action, parameters, deadline)
    guard let result = answer.first("\(action)Result"), let value = value(result) else {
      throw BrokerError(.unavailable, "SNS \(action): the answer lacks its result")
    }
    return value
  }

  private func send(
    _ action: String,
    _ parameters: [(String, String)],
    _ deadline: MonotonicInstant
  ) async throws(BrokerError) -> XMLElement {
    do throws(AWSError) {
      return try await sns.sendQuery(
        .query(action, version: Self.version, parameters),
        deadline: deadline
      )
    } catch {
      throw error.brokerError
    }
  }
}
