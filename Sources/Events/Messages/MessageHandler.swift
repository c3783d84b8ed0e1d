/// What a module does with the messages of one queue.
public protocol MessageHandler: Sendable {
  /// Handles one message, perhaps not for the first time: delivery is at least once, in any order.
  /// - Throws: whatever it met; the message is then delivered again after the queue's back-off, and in the end sent to
  ///   its dead-letter queue (`platform.md` §5.4).
  func handle(_ message: ReceivedMessage) async throws
}
