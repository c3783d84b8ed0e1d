/// Turns the messages of one queue into events of the bus: the one place that knows both, and how a topic wraps what it
/// puts into a queue.
public struct BusBridge: MessageHandler {
  private let consumed: ConsumedEvents
  private let bus: EventBus

  /// - Parameters:
  ///   - consumed: what the module that owns the queue takes from it.
  ///   - bus: where that module has subscribed.
  public init(_ consumed: ConsumedEvents, to bus: EventBus) {
    self.consumed = consumed
    self.bus = bus
  }

  /// - Throws: `UnreadableMessage` for what is no envelope or holds nothing that the module can read, whatever its
  ///   subscriber throws, `EventBusError` if it has none.
  public func handle(_ message: OpenedMessage) async throws {
    let event = try consumed.read(try incoming(message))
    guard try await bus.publish(event) > 0 else {
      throw EventBusError.noSubscriber(to: "\(type(of: event))")
    }
  }

  private func incoming(_ message: OpenedMessage) throws(UnreadableMessage) -> IncomingMessage {
    switch message.envelope {
    case .success(let envelope):
      return IncomingMessage(eventType: envelope.eventType, text: Array(envelope.message.utf8))
    case .failure(let error): throw UnreadableMessage(reason: error.description)
    }
  }
}
