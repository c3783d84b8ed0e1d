/// What a module takes from one of its queues, and how a message becomes an event of the bus. Each module has event
/// types of its own, even of what both hear of: each gets a copy of the message, with tries of its own.
public struct ConsumedEvents: Sendable {
  /// Which event types the queue's subscription asks for.
  public let eventTypes: [String]
  let read: @Sendable (IncomingMessage) throws(UnreadableMessage) -> any BusEvent

  /// - Parameter read: makes the event; of an event type that is not asked for too, as a queue may hold anything.
  public init(
    _ eventTypes: [String],
    read: @escaping @Sendable (IncomingMessage) throws(UnreadableMessage) -> any BusEvent
  ) {
    self.eventTypes = eventTypes
    self.read = read
  }
}

/// A message as a module reads it, without what the topic and the queue put around it.
public struct IncomingMessage: Equatable, Sendable {
  /// What the publisher said beside the message that it is; nil if it said nothing.
  public let eventType: String?
  /// What was published: mostly JSON in UTF-8.
  public let text: [UInt8]

  public init(eventType: String?, text: [UInt8]) {
    self.eventType = eventType
    self.text = text
  }
}

/// Why a message cannot be read. Quotes nothing of it.
public struct UnreadableMessage: Error, Equatable, CustomStringConvertible {
  public let reason: String

  public init(reason: String) { self.reason = reason }

  public var description: String { "unreadable message: \(reason)" }
}
