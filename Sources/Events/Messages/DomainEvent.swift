/// Something that happened to a record, as other services are told of it (docs/contract/platform.md §5.5): one message
/// of a topic.
public struct DomainEvent: Equatable, Sendable {
  /// What happened: `non-associations.created`. It is the message's attribute `eventType`.
  public let eventType: String
  /// Whom it is about: a prisoner number, or both of a pair in sorted order with a slash between. Events of one subject
  /// are published in the order in which they were committed.
  public let subject: String
  /// The message: JSON in UTF-8, complete and final.
  public let message: [UInt8]

  /// - Parameters:
  ///   - eventType: what happened.
  ///   - subject: whom it is about; see ``subject``.
  ///   - message: JSON in UTF-8, complete and final.
  public init(eventType: String, subject: String, message: [UInt8]) {
    self.eventType = eventType
    self.subject = subject
    self.message = message
  }

  /// The subject of an event about a pair, whichever of the two comes first.
  public static func subject(_ first: String, _ second: String) -> String {
    first < second ? "\(first)/\(second)" : "\(second)/\(first)"
  }
}
