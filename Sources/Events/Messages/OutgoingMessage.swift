/// A message on its way to a topic or queue.
public struct OutgoingMessage: Equatable, Sendable {
  /// What an SNS topic takes, in bytes as ``size`` counts them (Amazon SNS API Reference, Publish).
  public static let maximumTopicSize = 262_144
  /// What an SQS queue takes unless it is set to less, in bytes as ``size`` counts them (Amazon SQS API Reference,
  /// SendMessage).
  public static let maximumQueueSize = 1_048_576

  /// UTF-8.
  public let body: [UInt8]
  /// What is said beside the body, by name.
  public let attributes: [String: MessageAttribute]

  /// - Parameter body: UTF-8.
  public init(body: [UInt8], attributes: [String: MessageAttribute] = [:]) {
    self.body = body
    self.attributes = attributes
  }

  /// Bytes as brokers count them: of the body, and of the attributes' names, types and values.
  package var size: Int {
    attributes.reduce(body.count) { sum, attribute in
      sum + attribute.key.utf8.count + attribute.value.dataType.utf8.count + attribute.value.value.utf8.count
    }
  }
}
