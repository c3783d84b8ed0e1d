/// What a module does with the messages of one queue.
public protocol MessageHandler: Sendable {
  /// Handles one message. Must be idempotent: delivery is at least once, in any order.
  /// - Throws: whatever it met; the message is then delivered again after the queue's back-off, and in the end sent to
  ///   its dead-letter queue (docs/contract/platform.md §5.4).
  func handle(_ message: OpenedMessage) async throws
}

extension MessageHandler {
  /// Opens a message and handles it.
  /// - Throws: what the handler throws.
  public func handle(_ message: ReceivedMessage) async throws { try await handle(OpenedMessage(message)) }
}
