/// Something that happened to a record, as other services are told of it (`platform.md` §5.5): one message of a topic.
public struct DomainEvent: Equatable, Sendable {
  /// What happened: `non-associations.created`. It is the message's attribute `eventType`.
  public let eventType: String
  /// The message: JSON in UTF-8, complete and final.
  public let message: [UInt8]

  public init(eventType: String, message: [UInt8]) {
    self.eventType = eventType
    self.message = message
  }
}
