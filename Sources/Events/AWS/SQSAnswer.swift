internal import HTTPTransport
internal import JSON
internal import ServiceKit

/// What SQS answers, in its JSON protocol.
struct SQSAnswer {
  private let members: [String: JSONValue]
  private let action: String

  /// - Throws: `AWSError` of kind `unavailable` if the answer is no JSON object.
  init(_ response: ClientResponse, to call: AWSCall) throws(AWSError) {
    action = call.action
    // Some emulators send no body where a list is empty.
    if response.body.isEmpty {
      members = [:]
      return
    }
    guard let json = try? JSONValue(parsing: response.body), case .object(let members) = json else {
      throw AWSError(.unavailable, "SQS \(call.action): the answer is no JSON object")
    }
    self.members = members
  }

  /// A text that has to be there.
  func text(_ name: String) throws(AWSError) -> String {
    guard let text = members[name]?.scalarText, !text.isEmpty else { throw missing(name) }
    return text
  }

  private func missing(_ name: String) -> AWSError {
    AWSError(.unavailable, "SQS \(action): no \(name) in the answer")
  }

  /// The `Id`s of the entries that failed.
  var failedEntries: [String] {
    guard case .array(let failed) = members["Failed"] else { return [] }
    return failed.compactMap { entry in
      guard case .object(let members) = entry else { return nil }
      return members["Id"]?.scalarText
    }
  }

  /// The messages of a ReceiveMessage. One that has no receipt is left out: nobody could delete it.
  var messages: [ReceivedMessage] {
    guard case .array(let elements) = members["Messages"] else { return [] }
    return elements.compactMap { element in
      guard case .object(let message) = element, let receipt = message["ReceiptHandle"]?.scalarText,
        let id = message["MessageId"]?.scalarText
      else { return nil }
      return ReceivedMessage(
        id: id,
        receipt: receipt,
        body: Array((message["Body"]?.scalarText ?? "").utf8),
        receiveCount: Self.texts(message["Attributes"])["ApproximateReceiveCount"].flatMap { Int($0) } ?? 1,
        attributes: Self.attributes(message["MessageAttributes"])
      )
    }
  }

  /// Of GetQueueAttributes.
  func status() throws(AWSError) -> QueueStatus {
    let attributes = Self.texts(members["Attributes"])
    guard let arn = attributes["QueueArn"] else { throw missing("QueueArn") }
    let policy = Self.redrivePolicy(attributes["RedrivePolicy"])
    return QueueStatus(
      arn: arn,
      messagesOnQueue: Self.number(attributes["ApproximateNumberOfMessages"]) ?? 0,
      messagesInFlight: Self.number(attributes["ApproximateNumberOfMessagesNotVisible"]) ?? 0,
      maxReceiveCount: Self.number(policy["maxReceiveCount"]),
      deadLetterQueueARN: policy["deadLetterTargetArn"],
      visibilityTimeout: .seconds(Self.number(attributes["VisibilityTimeout"]) ?? 30),
      maximumMessageSize: Self.number(attributes["MaximumMessageSize"])
    )
  }

  /// `{"deadLetterTargetArn":"…","maxReceiveCount":"5"}`, the count a string or a number.
  private static func redrivePolicy(_ text: String?) -> [String: String] {
    guard let text else { return [:] }
    return texts(try? JSONValue(parsing: Array(text.utf8)))
  }

  private static func texts(_ value: JSONValue?) -> [String: String] {
    guard case .object(let members) = value else { return [:] }
    return members.compactMapValues(\.scalarText)
  }

  private static func number(_ text: String?) -> Int? { text.flatMap { Int($0) } }

  private static func attributes(_ value: JSONValue?) -> [String: MessageAttribute] {
    guard case .object(let members) = value else { return [:] }
    return members.compactMapValues { member in
      guard case .object(let parts) = member,
        let value = parts["StringValue"]?.scalarText ?? parts["BinaryValue"]?.scalarText
      else { return nil }
      return MessageAttribute(dataType: parts["DataType"]?.scalarText ?? "String", value: value)
    }
  }
}
