/// What a module takes from one of its queues, and how a message becomes an event of the bus. Each module has event
/// types of its own, even of what both hear of: each gets a copy of the message, retried on its own.
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
