/// A message taken from a queue, hidden from other consumers until its visibility timeout ends.
public struct ReceivedMessage: Equatable, Sendable {
  /// The queue's name for the message; the same each time it is delivered.
  public let id: String
  /// Names this delivery: what deleting or hiding it again needs. A later delivery has another.
  public let receipt: String
  /// UTF-8: mostly an SNS envelope (docs/contract/platform.md §5.2).
  public let body: [UInt8]
  /// How often it was delivered, this time included: at least 1, whatever the broker says.
  public let receiveCount: Int
  /// What the sender said beside the body, by name.
  public let attributes: [String: MessageAttribute]

  /// A receive count below 1 is taken for 1.
  public init(
    id: String,
    receipt: String,
    body: [UInt8],
    receiveCount: Int,
    attributes: [String: MessageAttribute] = [:]
  ) {
    self.id = id
    self.receipt = receipt
    self.body = body
    self.receiveCount = max(1, receiveCount)
    self.attributes = attributes
  }
}

/// An attribute of a message as SNS and SQS know it.
public struct MessageAttribute: Equatable, Sendable {
  /// `String`, `Number`, `Binary`, or one of them with a custom suffix: `Number.java.lang.Long`.
  public let dataType: String
  /// The value as text; base64 if binary.
  public let value: String

  /// - Parameter value: as text; base64 if binary.
  public init(dataType: String = "String", value: String) {
    self.dataType = dataType
    self.value = value
  }
}
